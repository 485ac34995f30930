/** Runs other programs: for what they print, or for what they cost. */
import { execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

/** What the program prints; throws with what it says is wrong. */
export async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

export async function isInstalled(command: string): Promise<boolean> {
  return await run('sh', '-c', 'command -v "$1"', 'sh', command).then(
    () => true,
    () => false,
  );
}

/** What a program and all that it started took. */
export interface Cost {
  readonly seconds: number;
  /** Of processors, in user and system mode. */
  readonly cpuSeconds: number;
}

/** Runs a piece of bash, `args` being its `$1`, `$2` …; bash's own `time` measures it, the start of bash aside. */
export async function timed(script: string, ...args: string[]): Promise<Cost & { readonly stdout: string }> {
  const measured = `TIMEFORMAT='%R %U %S'; { time { ${script}; } 2>&4; } 4>&2 2>&3`;
  const child = spawn('bash', ['-c', measured, 'bash', ...args], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, err, times] = child.stdio.slice(1) as Readable[];
  const [stdout, stderr, measurement] = await Promise.all([out, err, times].map((stream) => text(stream as Readable)));
  const status = await ended;
  if (status !== 0) throw new Error(`${script} (${args.join(' ')}) ended with ${status}: ${stderr}`);
  const [seconds = 0, user = 0, system = 0] = (measurement ?? '').trim().split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, stdout: stdout ?? '' };
}
