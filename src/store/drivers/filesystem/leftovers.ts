import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../lib/clock.ts';
import { hasCode } from './filesystem-errors.ts';

/**
 * Milliseconds after its last write at which a temporary file counts as left by a process that was killed. Age is all
 * that can be asked: its writer may run on another machine that shares the directory. A file in use is written to all
 * the time, and should a source have been silent for that long, its put fails as `retryable` and nothing else happens.
 */
const abandonedAfter = 60 * 60 * 1000;

/** Removes from `folder`, which may be missing, the temporary files that nobody will finish. */
export async function removeLeftovers(folder: string, clock: Clock): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const modifiedAt = await lastWritten(path);
    if (modifiedAt !== undefined && clock.now() - modifiedAt > abandonedAfter) await rm(path, { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Undefined when its writer has just finished with the file. */
async function lastWritten(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
