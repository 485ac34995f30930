/** How PostgreSQL's programs are run: as whom, and with what of our process. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { User } from '../../lib/users.ts';

export interface ProgramOptions {
  /** Undefined: as the user that we are. */
  readonly runAs: User | undefined;
  /** A lock that the program, and whatever it starts, holds while it lives. */
  readonly lockFd?: number;
}

export type Program = ChildProcessByStdio<null, Readable, Readable>;

/** PostgreSQL is steered by its command line alone: no PG* variable, language or time zone of ours reaches it. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** A session of its own (`detached`): Ctrl-C at the terminal is for Mimeo, which then stops PostgreSQL in order. */
export function startProgram(file: string, args: readonly string[], options: ProgramOptions): Program {
  const { runAs, lockFd } = options;
  const lock = lockFd === undefined ? [] : [lockFd];
  return spawn(file, args, {
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...lock],
    ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
  }) as unknown as Program;
}

/** Runs a program to its end; its standard output, or an error with what it said. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<string> {
  const program = startProgram(file, args, options);
  const [output, complaint, [code, signal]] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, 'close'),
  ]);
  if (code === 0) return output;
  const end = code === null ? `was ended by ${signal}` : `ended with code ${code}`;
  throw new Error(`${file} ${end}: ${complaint.trim() || output.trim()}`);
}
