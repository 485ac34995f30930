/**
 * Blobs as files: `<directory>/<key>`, and in `.tmp`, which no key can name, those being written. Needs a file system with
 * hard links. Several servers may share one directory.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, opendir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../../lib/clock.ts';
import { BlobError, type BlobInfo, type BlobStore, checkBlobKey, checkBlobRange, isBlobKey } from '../../blob-store.ts';
import { piecesOf } from '../../pieces.ts';
import { syncFolder } from './durable-folders.ts';
import { blobInfo, statBlob } from './file-info.ts';
import { createFileWriter } from './file-writer.ts';
import { ifPresent, toBlobError, translated } from './filesystem-errors.ts';
import { removeLeftovers } from './leftovers.ts';

export interface FilesystemStoreOptions {
  /** Made when it is missing. */
  readonly directory: string;
  /** False writes through the page cache, also where the file system could do without (docs/adr/0002-direct-io.md). */
  readonly directIo?: boolean;
  /** Free bytes that puts leave to others on the file system; none by default. */
  readonly reserveBytes?: number;
}

const temporaryFolder = '.tmp';

/** How much is read between two looks at the abort signal. */
const readBytes = 16 * 1024 * 1024;

/** The store in `directory`, once what killed processes have left in it is removed. */
export async function openFilesystemStore(
  options: FilesystemStoreOptions & { readonly clock?: Clock },
): Promise<BlobStore> {
  const { directory, clock = systemClock } = options;
  await translated(temporaryFolder, removeLeftovers(join(directory, temporaryFolder), clock));
  return createFilesystemStore(options);
}

/** The store in `directory`, which is not looked at before it is used. */
export function createFilesystemStore({
  directory,
  directIo = true,
  reserveBytes = 0,
}: FilesystemStoreOptions): BlobStore {
  const root = resolve(directory);
  const createFile = createFileWriter({ root, temporary: join(root, temporaryFolder), directIo, reserveBytes });

  async function* walk(folder: string, prefix: string): AsyncGenerator<BlobInfo, void, undefined> {
    const entries = await ifPresent(translated(folder, opendir(join(root, folder))));
    if (entries === undefined) return;
    try {
      for await (const entry of entries) {
        const key = folder + entry.name;
        const below = `${key}/`;
        if (!isBlobKey(key)) continue;
        if (entry.isDirectory()) {
          if (below.startsWith(prefix) || prefix.startsWith(below)) yield* walk(below, prefix);
        } else if (entry.isFile() && key.startsWith(prefix)) {
          const info = await statBlob(root, key);
          if (info !== undefined) yield info;
        }
      }
    } catch (error) {
      throw toBlobError(folder, error);
    }
  }

  return {
    list: (prefix) => walk('', prefix),

    async put(key, bytes, { signal } = {}) {
      checkBlobKey(key);
      signal?.throwIfAborted();
      await createFile(key, piecesOf(bytes, signal), signal);
    },

    async get(key, range, { signal } = {}) {
      checkBlobKey(key);
      signal?.throwIfAborted();
      const file = await translated(key, open(join(root, key), constants.O_RDONLY | constants.O_NOFOLLOW));
      try {
        const info = blobInfo(key, await translated(key, file.stat()));
        if (info === undefined) throw new BlobError('not-found', key);
        const { offset, length } = checkBlobRange(key, info.size, range);
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          signal?.throwIfAborted();
          done += await translated(key, readSome(file, bytes.subarray(done, done + readBytes), offset + done));
        }
        return bytes;
      } finally {
        await file.close();
      }
    },

    async stat(key) {
      checkBlobKey(key);
      return statBlob(root, key);
    },

    async remove(key) {
      checkBlobKey(key);
      const path = join(root, key);
      if ((await statBlob(root, key)) !== undefined) await ifPresent(translated(key, unlink(path)));
      // Even if it was gone: an earlier try may have removed it and not have come to this line.
      await ifPresent(translated(key, syncFolder(dirname(path))));
    },
  };
}

async function readSome(file: FileHandle, into: Uint8Array, offset: number): Promise<number> {
  const { bytesRead } = await file.read(into, 0, into.length, offset);
  if (bytesRead === 0) throw new Error(`the file ends at ${offset}, before the size that it had`);
  return bytesRead;
}
