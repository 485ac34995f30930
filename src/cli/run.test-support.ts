/** Two ways to run the command line: inside the test, which is quick, and as a process, for signals and real files. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CliIo } from './io.ts';
import { buildProgram } from './program.ts';
import { runProgram } from './run-program.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Invocation {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface InProcess extends Invocation {
  readonly isTTY?: boolean;
  /** What standard input holds. */
  readonly stdin?: string;
  /** Resolves when Ctrl-C is to be pressed. */
  readonly interrupt?: Promise<unknown>;
}

export async function runInProcess({
  args,
  env = {},
  isTTY = false,
  stdin = '',
  interrupt,
}: InProcess): Promise<Result> {
  const stdout = collector(isTTY);
  const stderr = collector(isTTY);
  const io: CliIo = {
    stdin: Readable.from([stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    onInterrupt(callback) {
      let wanted = true;
      void interrupt?.then(() => wanted && callback());
      return () => {
        wanted = false;
      };
    },
  };
  const code = await runProgram(buildProgram(io, '0.0.1'), args, io);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
}

/** `wrapper` is a command that runs the one it is given. */
export function spawnCli({ args, env = {} }: Invocation, wrapper: readonly string[] = []): Running {
  const entry = fileURLToPath(new URL('./entry.test-support.ts', import.meta.url));
  const [command, ...rest] = [...wrapper, process.execPath, entry, ...args] as [string, ...string[]];
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

function collector(isTTY: boolean) {
  const pieces: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 120 }), text: () => pieces.join('') };
}
