/** What a process costs while it runs, as Linux tells in /proc. */
import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Clock ticks of /proc's times; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  /** User and system time, of all threads. */
  readonly own: number;
  /** The same of children that have ended and been waited for. */
  readonly ended: number;
}

async function readStat(pid: number | string): Promise<Stat | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (line === undefined) return undefined;
  // The name, in parentheses, may itself have blanks and parentheses; the fields behind it are numbered from 3.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
}

/** Seconds of processors that the process itself has taken, its children aside. */
export async function cpuSeconds(pid: number): Promise<number> {
  return ((await readStat(pid))?.own ?? 0) / ticksPerSecond;
}

/** Seconds of processors that all children of the process, and theirs, have taken: of a Mimeo server, the database. */
export async function childrenCpuSeconds(pid: number): Promise<number> {
  const stats = new Map<number, Stat>();
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readStat(name) : undefined;
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  const isBelow = (stat: Stat | undefined): boolean =>
    stat !== undefined && (stat.parent === pid || isBelow(stats.get(stat.parent)));
  const below = [...stats.values()].filter(isBelow);
  return below.reduce((sum, { own, ended }) => sum + own + ended, 0) / ticksPerSecond;
}

/** The most memory that was resident (VmHWM), in bytes, since the start or the last `resetPeakMemory`. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

export async function resetPeakMemory(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}
