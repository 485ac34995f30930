/** The running PostgreSQL: one child process, its log, and its end. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../../lib/users.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Binaries } from './binaries.ts';
import type { Places } from './places.ts';
import { startProgram } from './program.ts';

export interface ServerOptions {
  readonly places: Places;
  readonly binaries: Binaries;
  readonly runAs: User | undefined;
  /** The cluster's lock, for the server's processes to hold. */
  readonly lockFd: number;
  readonly logger: Logger;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Server {
  readonly exited: Promise<ServerExit>;
  readonly isRunning: () => boolean;
  /** The end of what it said, once it has exited: for the message if it doesn't start. */
  readonly lastWords: () => Promise<string>;
  /** Resolves when the process is gone; may be called again. */
  readonly stop: () => Promise<void>;
}

const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  // The pools of a server and its workers stay below; each connection is a process.
  max_connections: '60',
  shared_buffers: '128MB',
  // Reserved huge pages are the machine's owner's, not ours to take.
  huge_pages: 'off',
  // Parallel queries share memory through /dev/shm, of which a container has 64 MB.
  max_parallel_workers_per_gather: '0',
  fsync: 'on',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '',
  // Statements, which hold people's data, stay out of the log, even those that fail.
  log_min_error_statement: 'panic',
};

/**
 * For the operator. Errors go to whoever caused them; "the database system is starting up" answers our own asking, and a
 * connection that is terminated is known to whoever had it, or was about to be closed by a server that stops.
 */
const worthKnowing = /^(WARNING|FATAL|PANIC):(?!.*(the database system is|terminating connection due to))/;

/** Milliseconds for a fast shutdown (which writes a checkpoint), then as many for an immediate one. */
const patience = 5000;

export function startServer({ places, binaries, runAs, lockFd, logger }: ServerOptions): Server {
  const chosen = { ...settings, unix_socket_directories: quote(places.sockets) };
  const args = Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // How an orphan is known by its command line (orphans.ts): `-D` comes first.
  const child = startProgram(binaries.postgres, ['-D', places.data, ...args], { runAs, lockFd });
  const words = forwardLog(child.stderr, logger);
  child.stdout.resume();

  const closed = new Promise((resolve) => child.once('close', resolve));
  let running = true;
  const exited = new Promise<ServerExit>((resolve) => {
    const end = (exit: ServerExit) => {
      running = false;
      resolve(exit);
    };
    child.once('exit', (code, signal) => end({ code, signal }));
    child.once('error', (error) => {
      words.push(error.message);
      if (child.pid === undefined) end({ code: null, signal: null });
    });
  });

  async function lastWords(): Promise<string> {
    await Promise.race([closed, sleep(1000)]);
    return words.join('\n');
  }

  async function shutDown(): Promise<void> {
    for (const way of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (!running) return;
      child.kill(way);
      const deadline = new AbortController();
      await Promise.race([exited, sleep(patience, undefined, { signal: deadline.signal })]).finally(() =>
        deadline.abort(),
      );
    }
    await exited;
  }

  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= shutDown();
    return stopping;
  };
  return { exited, isRunning: () => running, lastWords, stop };
}

/** It is a list of folders, in which a comma would begin the next. */
function quote(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`;
}

/** The last lines are kept, and kept up to date, in the array. */
function forwardLog(output: Readable, logger: Logger): string[] {
  const words: string[] = [];
  createInterface({ input: output }).on('line', (line) => {
    words.push(line);
    if (words.length > 10) words.shift();
    if (worthKnowing.test(line)) logger.warn({ postgres: line }, 'PostgreSQL reports');
    else logger.debug({ postgres: line }, 'PostgreSQL reports');
  });
  return words;
}
