/** Servers in processes of their own, which a test can kill, or run as somebody else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Connection } from './ready.ts';

export const isRoot = process.geteuid?.() === 0;

/** Root in a container may lack this, and then can't see which files another user's process has open. */
export const canSeeOthersFiles = !isRoot || (capabilities() & 0x80000n) !== 0n;

function capabilities(): bigint {
  const [, mask = '0'] = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return BigInt(`0x${mask}`);
}

/** Removed after the test; others may pass through it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-'));
  await chmod(folder, 0o711);
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

interface Runner {
  readonly uid?: number;
  readonly gid?: number;
  /** Its temporary folder. */
  readonly TMPDIR?: string;
}

/** Runs the body of a module (with `load(file)` for what is beside this one) in a Node of its own. */
export function runNode(
  body: string,
  { uid, gid, TMPDIR = tmpdir() }: Runner = {},
): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const load = `const load = (file) => import(new URL(file, ${JSON.stringify(import.meta.url)}).href);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${load}\n${body}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR },
    ...(uid !== undefined && gid !== undefined && { uid, gid }),
  });
  return child as ChildProcess & { stdout: NodeJS.ReadableStream };
}

/** What the body wrote, once it has ended. */
export async function outputOf(body: string, runner: Runner = {}): Promise<string> {
  const child = runNode(body, runner);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0) throw new Error(`the child ended with code ${code}: ${output}`);
  return output;
}

/** A process that starts the embedded PostgreSQL in `directory`, says so with a line, and stays. */
export function startInChild(directory: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  return runNode(`
    const { startEmbeddedPostgres } = await load('./start.ts');
    const { silentLogger } = await load('../../telemetry/logger.ts');
    await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, logger: silentLogger });
    console.log('ready');
  `);
}

export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

export async function query<Row extends pg.QueryResultRow>(connection: Connection, sql: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
