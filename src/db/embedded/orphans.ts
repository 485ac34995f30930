/**
 * What a killed Mimeo leaves running. PostgreSQL's processes inherit a lock (`places.lock`), so the kernel itself says
 * whether one of them lives: no matter whose pid has been reused, in which container it runs, or whether it is just
 * starting, recovering or shutting down. The caller owns the data directory, hence any of them is an orphan.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileLock, lockFile } from '../../lib/file-lock.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { EmbeddedPostgresError } from './errors.ts';
import type { Places } from './places.ts';
import { runProgram } from './program.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

export interface TakeOverOptions {
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that each way of stopping gets before the next, rougher one. */
  readonly patience?: number;
}

/** In a PostgreSQL's words: fast, immediate; then what no process survives. */
const waysToStop = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;

/** The cluster's lock, once nothing runs on the cluster any more: orphans are stopped. */
export async function takeOver(
  places: Places,
  { logger, signal, patience = 5000 }: TakeOverOptions,
): Promise<FileLock> {
  for (const way of waysToStop) {
    const lock = await lockFile(places.lock);
    if (lock) return lock;
    const orphans = await findOrphans(places);
    logger.warn({ way, pids: orphans.map(({ pid }) => pid) }, 'stopping the PostgreSQL that a killed server left');
    for (const { pid } of way === 'SIGKILL' ? orphans : leaders(orphans)) send(pid, way);
    const freed = await waitForLock(places.lock, patience, signal);
    if (freed) return freed;
  }
  const pids = (await findOrphans(places)).map(({ pid }) => pid);
  throw new EmbeddedPostgresError(
    'in-use',
    `a PostgreSQL that an earlier server left still runs on ${places.data} ` +
      `(${pids.length > 0 ? `process ${pids.join(', ')}` : 'in another container, or as another user'}): ` +
      'stop it, then start again',
  );
}

async function waitForLock(path: string, patience: number, signal?: AbortSignal): Promise<FileLock | undefined> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; ) {
    await sleep(20, undefined, { signal });
    const lock = await lockFile(path);
    if (lock) return lock;
  }
  return undefined;
}

/** Only the first of a family is asked: it sees to its children. */
function leaders(processes: readonly Process[]): readonly Process[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  return processes.filter(({ parent }) => !pids.has(parent));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone in the meantime, or not ours to signal: whether the lock becomes free decides.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Processes that certainly are this cluster's, by what they were started with or by the lock that they hold. */
async function findOrphans({ home, data, lock }: Places): Promise<Process[]> {
  const starts = [`/postgres -D ${data} `, `/initdb --pgdata=${home}/`];
  const found: Process[] = [];
  for (const candidate of process.platform === 'linux' ? await listProc() : await listPs()) {
    if (starts.some((start) => isStartedWith(start, candidate.commandLine)) || (await holds(candidate.pid, lock)))
      found.push(candidate);
  }
  return found;
}

/** Right after the program's path, or it is the command line of a tracer, a shell, a search: somebody else's. */
function isStartedWith(start: string, commandLine: string): boolean {
  const [path = ''] = commandLine.split(start, 1);
  return path.length < commandLine.length && path.startsWith('/') && !/ [-/]/.test(path);
}

/** Read, not asked of ps: slim containers have none. */
async function listProc(): Promise<Process[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const processes = await Promise.all(pids.map((pid) => readProc(pid).catch(() => [])));
  return processes.flat();
}

async function readProc(pid: number): Promise<Process[]> {
  const [state, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ]);
  // "pid (name) state parent …", and the name may have spaces and brackets of its own.
  const parent = Number(state.slice(state.lastIndexOf(')') + 2).split(' ')[1]);
  return [{ pid, parent, commandLine: commandLine.replaceAll('\0', ' ') }];
}

export async function listPs(): Promise<Process[]> {
  const lines = await runProgram('ps', ['-axww', '-o', 'pid=,ppid=,args='], { runAs: undefined });
  return [...lines.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)].map(([, pid, parent, commandLine = '']) => {
    return { pid: Number(pid), parent: Number(parent), commandLine };
  });
}

/**
 * For backends, which change their command line: the lock is descriptor 3 of each. Linux alone can tell, and root only
 * where it has CAP_SYS_PTRACE; elsewhere they are waited for, since backends end when they see their postmaster gone.
 */
async function holds(pid: number, lock: string): Promise<boolean> {
  try {
    const [program, theirs, ours] = await Promise.all([
      readlink(`/proc/${pid}/exe`),
      stat(`/proc/${pid}/fd/3`),
      stat(lock),
    ]);
    // The suffix is there once an update of Mimeo has removed the program that still runs.
    const name = basename(program.replace(/ \(deleted\)$/, ''));
    return ['postgres', 'initdb'].includes(name) && theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    return false;
  }
}
