/** A stored disk's data, in order and verified (R1), for exports and for checks. */
import { mapOrdered } from '../lib/map-ordered.ts';
import { releaseBuffer } from '../lib/release-buffer.ts';
import type { RegionStore } from '../store/region-store.ts';
import { type Batch, batches, chunkIds, wholeDisk } from './batches.ts';
import { readChunks } from './chunk-reader.ts';
import { frameBytes } from './compute/frames.ts';
import type { ComputePool } from './compute/pool.ts';
import type { TransferSettings } from './settings.ts';
import { chunkDamage, openStoredDisk, type StoredDisk } from './stored-disk.ts';

export interface ReadOptions {
  readonly disk: StoredDisk;
  readonly alternates: readonly RegionStore[];
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
  /** Called with the stored bytes of chunks that were fetched since the last call. */
  readonly onFetched?: (bytes: number) => void;
  /** Whoever asks for the next run has done with the one before, so memory is given back at once and not left to V8. */
  readonly givesBack?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Yields the disk's data, or that of a range of it; what is not yielded is zeros. Throws `DamageError` at the first byte that
 * cannot be given.
 */
export async function* readDisk(
  options: ReadOptions,
  { start, end } = wholeDisk,
): AsyncGenerator<{ offset: number; bytes: Uint8Array }, void, undefined> {
  const { disk, settings, givesBack = false, signal } = options;
  const manifest = await openStoredDisk(disk, signal);
  const batchBytes = settings.cut.segment;
  const reading = mapOrdered(batches(manifest, batchBytes, signal, { start, end }), settings.lanes, async (batch) => ({
    batch,
    chunks: await readBatch(batch, manifest.cut.maxChunk, options),
  }));
  for await (const { batch, chunks } of reading) {
    for (const entry of batch.entries) {
      if (entry.id === null) continue;
      const bytes = chunks.get(entry.id);
      if (bytes?.length !== entry.length) throw chunkDamage(disk, entry.offset);
      const from = Math.max(start - entry.offset, 0);
      yield { offset: entry.offset + from, bytes: bytes.subarray(from, end - entry.offset) };
    }
    if (givesBack) for (const bytes of chunks.values()) releaseBuffer(bytes);
  }
}

/** Reads the chunks of one batch into memory: those that are intact, by hexadecimal id. */
export async function readBatch(
  batch: Batch,
  maxChunk: number,
  options: ReadOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { disk, alternates, compute, settings, onFetched, signal } = options;
  const reader = {
    store: disk.store,
    alternates,
    keys: disk.keys,
    maxChunk,
    readBytes: settings.readBytes,
    signal,
  };
  const chunks = new Map<string, Uint8Array>();
  await readChunks(chunkIds(batch), reader, async (stretch, ids) => {
    onFetched?.(frameBytes(stretch));
    const opened = await compute.openFrames(stretch);
    const damaged = new Set(opened.damaged);
    ids.forEach((id, number) => {
      if (damaged.has(number)) return;
      chunks.set(id, opened.bytes.subarray(opened.bounds[number * 2], opened.bounds[number * 2 + 1]));
    });
    return opened.damaged;
  });
  return chunks;
}
