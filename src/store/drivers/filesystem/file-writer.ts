import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BlobError } from '../../blob-store.ts';
import { canWriteDirectly, writeFully, writeInBlocks } from './direct-write.ts';
import { durableFolders, syncFolder } from './durable-folders.ts';
import { statBlob } from './file-info.ts';
import { hasCode, translated } from './filesystem-errors.ts';

export interface FileWriterOptions {
  readonly root: string;
  /** Where files lie while they are written; on the same file system as `root`. */
  readonly temporary: string;
  readonly directIo: boolean;
  /** Free bytes that are left to others on the file system; with fewer, every put says `full`. */
  readonly reserveBytes: number;
}

/**
 * Creates a blob's file. It is written under a temporary name, synced, and then linked to its own: link(2), unlike
 * rename(2), never replaces, whoever else puts the same key. The folder is synced last, so what this resolves for is
 * durable (W1).
 */
export type FileWriter = (key: string, pieces: AsyncIterable<Uint8Array>, signal?: AbortSignal) => Promise<void>;

const { O_WRONLY, O_CREAT, O_EXCL, O_DIRECT } = constants;

export function createFileWriter({ root, temporary, directIo, reserveBytes }: FileWriterOptions): FileWriter {
  const folders = durableFolders(root);
  let probed: Promise<boolean> | undefined;

  function useDirectIo(): Promise<boolean> {
    if (!directIo) return Promise.resolve(false);
    probed ??= canWriteDirectly(join(temporary, randomUUID())).catch((error) => {
      probed = undefined;
      throw error;
    });
    return probed;
  }

  /** All that can be missing on the way is a folder that somebody removed; the next try makes it anew. */
  function step<Result>(key: string, work: Promise<Result>): Promise<Result> {
    const checked = work.catch((error) => {
      if (!hasCode(error, 'ENOENT')) throw error;
      folders.forget();
      throw new BlobError('retryable', key, { cause: error });
    });
    return translated(key, checked);
  }

  async function checkReserve(key: string): Promise<void> {
    const { bavail, bsize } = await step(key, statfs(temporary));
    if (bavail * bsize < reserveBytes) throw new BlobError('full', key);
  }

  async function write(path: string, key: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    await step(key, folders.ensure(temporary));
    await checkReserve(key);
    const direct = await step(key, useDirectIo());
    const file = await step(key, open(path, O_WRONLY | O_CREAT | O_EXCL | (direct ? O_DIRECT : 0), 0o600));
    try {
      const size = await writeInBlocks(pieces, {
        direct,
        write: (block, offset) => step(key, writeFully(file, block, offset)),
      });
      if (direct) await step(key, file.truncate(size));
      await step(key, file.chmod(0o400));
      await step(key, file.sync());
    } finally {
      await step(key, file.close());
    }
  }

  async function publish(path: string, key: string): Promise<void> {
    const target = join(root, key);
    const folder = dirname(target);
    await step(key, folders.ensure(folder));
    try {
      await step(key, link(path, target));
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      // Whoever linked it may not have synced the folder yet, and `exists` promises that the blob is durable.
      await step(key, syncFolder(folder));
      const found = await statBlob(root, key);
      throw new BlobError(found === undefined ? 'retryable' : 'exists', key, { cause: error });
    }
    await step(key, syncFolder(folder));
  }

  return async (key, pieces, signal) => {
    const path = join(temporary, randomUUID());
    try {
      await write(path, key, pieces);
      signal?.throwIfAborted();
      await publish(path, key);
    } finally {
      // Should this fail, it is one leftover more, and no reason to hide how the put went.
      await rm(path, { force: true }).catch(() => {});
    }
  };
}
