/** Reads a stored disk and reports every damaged place instead of stopping at the first; hands nothing out. */
import { DamageError } from '../domain/failure.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import { batches } from './batches.ts';
import { type ReadOptions, readBatch } from './read-disk.ts';
import { chunkDamage, openStoredDisk } from './stored-disk.ts';

/**
 * Other regions are not asked: the question is whether this region's own store is sound. A damaged manifest is the last
 * thing reported, since without it nobody knows what lies behind.
 */
export async function* verifyDisk(
  options: Omit<ReadOptions, 'alternates'>,
): AsyncGenerator<DamageError, void, undefined> {
  try {
    yield* damagedChunks({ ...options, alternates: [] });
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    yield error;
  }
}

async function* damagedChunks(options: ReadOptions): AsyncGenerator<DamageError, void, undefined> {
  const { disk, settings, signal } = options;
  const manifest = await openStoredDisk(disk, signal);
  const reading = mapOrdered(batches(manifest, settings.cut.segment, signal), settings.lanes, async (batch) => ({
    batch,
    chunks: await readBatch(batch, manifest.cut.maxChunk, options),
  }));
  for await (const { batch, chunks } of reading) {
    for (const { id, offset, length } of batch.entries) {
      if (id !== null && chunks.get(id)?.length !== length) yield chunkDamage(disk, offset);
    }
  }
}
