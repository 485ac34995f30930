/** What a copy would move if it ran now: an estimate, since nothing is pinned. */
import { fromHex } from '../lib/hex.ts';
import type { ChunkIndex } from '../store/chunk-index.ts';
import { batches, chunkIds } from './batches.ts';
import { openStoredDisk, type StoredDisk } from './stored-disk.ts';

/** Data that one look-up covers: 4096 chunks of the usual 64 KiB, the most that a batch holds. */
const batchBytes = 256 * 1024 * 1024;

/** Stored bytes of the disk's chunks that `destination` lacks, each counted once a batch; copies of chunks further apart are rare. */
export async function countMissing(disk: StoredDisk, destination: ChunkIndex, signal: AbortSignal): Promise<number> {
  const manifest = await openStoredDisk(disk, signal);
  let bytes = 0;
  for await (const batch of batches(manifest, batchBytes, signal)) {
    const ids = chunkIds(batch).map(fromHex);
    const there = await destination.locate(ids);
    const here = await disk.store.index.locate(ids);
    for (const [id, { length }] of here) if (!there.has(id)) bytes += length;
  }
  return bytes;
}
