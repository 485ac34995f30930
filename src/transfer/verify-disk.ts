/** Reads a stored disk and reports every damaged place instead of stopping at the first; hands nothing out. */
import type { DamageError } from '../domain/failure.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import { batches } from './batches.ts';
import { type ReadOptions, readBatch } from './read-disk.ts';
import { chunkDamage, openStoredDisk } from './stored-disk.ts';

/** Other regions are not asked: the question is whether this region's own store is sound. */
export async function* verifyDisk(options: Omit<ReadOptions, 'alternates'>): AsyncGenerator<DamageError, void, undefined> {
  const { disk, settings, signal } = options;
  const manifest = await openStoredDisk(disk);
  const reading = mapOrdered(batches(manifest, manifest.cut.segment, signal), settings.lanes, async (batch) => ({
    batch,
    ...(await readBatch(batch, manifest.cut.maxChunk, { ...options, alternates: [] })),
  }));
  for await (const { batch, chunks } of reading) {
    for (const entry of batch.entries) {
      if (entry.id === null || chunks.get(entry.id)?.length === entry.length) continue;
      yield chunkDamage(disk, [entry], [entry.id]);
    }
  }
}
