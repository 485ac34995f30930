import { randomBytes } from 'node:crypto';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, systemCode } from './cli-error.ts';

/** A file that appears under its name only when it is whole and safe on the disk. */
export interface PartialFile {
  /** Writes all of `pieces`, one after the other, from `offset` on. */
  write(pieces: readonly Uint8Array[], offset: number): Promise<void>;
  /** Sets the length; what is never written stays a hole. */
  resize(size: number): Promise<void>;
  /** Gives the file its name. */
  complete(): Promise<void>;
  /** Removes what there is of it; no effect on a completed file. */
  discard(): Promise<void>;
}

/** Begins a file that will be `path`; refuses if something is there already and may not be replaced. */
export async function createPartialFile(path: string, options: { readonly replace: boolean }): Promise<PartialFile> {
  await checkReplaceable(path, options.replace);
  const partial = `${path}.partial-${randomBytes(6).toString('hex')}`;
  const handle = await open(partial, 'wx').catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  let closed = false;
  const close = async () => {
    if (!closed) await handle.close();
    closed = true;
  };

  return {
    write: (pieces, offset) => guarded(path, () => writeFully(handle, pieces, offset)),
    resize: (size) => guarded(path, () => handle.truncate(size)),
    complete: () =>
      guarded(path, async () => {
        await handle.sync();
        await close();
        // Somebody may have put something there in the meantime.
        await checkReplaceable(path, options.replace);
        await rename(partial, path);
        await syncFolder(dirname(path));
      }),
    async discard() {
      await close();
      await rm(partial, { force: true });
    },
  };
}

async function checkReplaceable(path: string, replace: boolean): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile()) throw new CliError(`${path} exists and is not a regular file`, { advice: 'name another file' });
  if (!replace)
    throw new CliError(`${path} exists already`, { advice: 'name another file, or replace it with --force' });
}

async function writeFully(handle: FileHandle, pieces: readonly Uint8Array[], offset: number): Promise<void> {
  const length = pieces.reduce((total, piece) => total + piece.length, 0);
  const { bytesWritten } = await handle.writev(pieces, offset);
  // A full disk takes a part first; only the next call says why.
  if (bytesWritten < length)
    await writeFully(handle, [Buffer.concat(pieces).subarray(bytesWritten)], offset + bytesWritten);
}

/** The name is safe only when the folder is; some file systems don't let a folder be synced, and need no such thing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (systemCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

async function guarded(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof CliError ? error : cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): CliError {
  const folder = dirname(path);
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new CliError(`there is not enough space in ${folder} for ${path}`, {
        cause: error,
        advice: 'free some, or export to another disk',
      });
    case 'ENOENT':
    case 'ENOTDIR':
      return new CliError(`there is no folder ${folder}`, { cause: error, advice: 'create it, or name another file' });
    default:
      return new CliError(`${path} can't be written: ${(error as Error).message}`, { cause: error });
  }
}
