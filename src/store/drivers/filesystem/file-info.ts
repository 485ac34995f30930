import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobError, type BlobInfo } from '../../blob-store.ts';
import { ifPresent, translated } from './filesystem-errors.ts';

/** What is known of the blob below `root`, undefined when there is none. Symbolic links are refused, not followed. */
export async function statBlob(root: string, key: string): Promise<BlobInfo | undefined> {
  const stats = await ifPresent(translated(key, lstat(join(root, key))));
  return stats && blobInfo(key, stats);
}

/** Undefined for a folder of keys, which is no blob. */
export function blobInfo(key: string, stats: Stats): BlobInfo | undefined {
  if (stats.isDirectory()) return undefined;
  if (!stats.isFile()) throw new BlobError('denied', key, { cause: new Error('what has its name is not a file') });
  return { key, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs) };
}
