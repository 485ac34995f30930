/**
 * A disk's bytes into a region's store: cut, named, sealed if the disk is encrypted, stored as far as the region lacks them,
 * and written down segment by segment in the upload's log, from which `seal-disk.ts` makes the manifest. A stream that
 * breaks off loses what it had of one segment; a process that dies, also the packs that were in flight.
 */

import { toHex } from '../lib/hex.ts';
import { interruptible } from '../lib/interruptible.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { hashBytes } from '../store/hash.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { LoggedSegment, SegmentLog } from '../store/segment-log.ts';
import type { ComputePool } from './compute/pool.ts';
import { createPackWriter, type PackWriter } from './pack-writer.ts';
import { sealedLog } from './sealed-log.ts';
import { type DataSegment, type DiskStream, type HoleSegment, segments } from './segments.ts';
import type { TransferSettings } from './settings.ts';
import { createTaskGroup } from './task-group.ts';

export interface IngestOptions {
  /** Begins where the log ends. */
  readonly disk: DiskStream;
  readonly store: RegionStore;
  /** A pending manifest of that region, which the caller made. */
  readonly manifestId: string;
  readonly log: SegmentLog;
  readonly keys: DiskKeys;
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
  readonly signal: AbortSignal;
}

/**
 * Segments that may wait for their packs to get full. Where nearly every chunk is there already a pack fills slowly: this
 * bounds what waits (half a GiB of the disk with the usual segments, 16 KiB of memory each).
 */
const mostUnlogged = 64;
/** A row takes a commit, so a few go together. */
const loggedAtOnce = 4;

interface StoredSegment extends Omit<LoggedSegment, 'position'> {
  /** Its chunks, hexadecimal, each once. */
  readonly chunks: readonly string[];
}

/**
 * Resolves when the log has every segment of the stream, all durable. Rejects with the error of the stream when that breaks
 * off, but only once what had come is in the log; with the signal's reason at once. Then nothing of it is still writing.
 */
export async function ingestDisk(options: IngestOptions): Promise<void> {
  const { disk, compute, settings, signal } = options;
  const log = sealedLog(options.log, options.manifestId, options.keys.sealing);
  const packs = createPackWriter(options);
  const tasks = createTaskGroup(signal);
  const unlogged: (LoggedSegment & StoredSegment)[] = [];
  let broken: { readonly error: unknown } | undefined;

  async function* received(): AsyncGenerator<DataSegment | HoleSegment, void, undefined> {
    try {
      yield* segments(disk, settings.cut.segment, compute.buffers);
    } catch (error) {
      broken = { error };
    }
  }

  /** W1, W2: a segment is logged when the last chunk of it, and of those before it, is durable and tied. */
  async function logDurable(atLeast: number): Promise<void> {
    const waiting = unlogged.findIndex(({ chunks }) => !packs.isDurable(chunks));
    const count = waiting === -1 ? unlogged.length : waiting;
    if (count >= atLeast) await log.append(unlogged.splice(0, count));
  }

  try {
    const storing = mapOrdered(received(), settings.lanes, (segment) =>
      tasks.run(async () => (segment.bytes === null ? hole(segment) : await storeSegment(segment, packs, options))),
    );
    let position = disk.from ?? 0;
    for await (const segment of interruptible(storing, signal)) {
      unlogged.push({ ...segment, position });
      position += segment.length;
      if (unlogged.length >= mostUnlogged) await tasks.run(() => packs.flush());
      await tasks.run(() => logDurable(loggedAtOnce));
    }
    await tasks.run(() => packs.flush());
    await tasks.run(() => logDurable(1));
  } finally {
    await tasks.settled();
  }
  if (broken !== undefined) throw broken.error;
}

function hole({ length }: HoleSegment): StoredSegment {
  return { length, bounds: new Int32Array(), ids: new Uint8Array(), digests: new Uint8Array(), chunks: [] };
}

async function storeSegment(
  segment: DataSegment,
  packs: PackWriter,
  { keys, compute, settings }: IngestOptions,
): Promise<StoredSegment> {
  const { bytes, length, extents } = segment;
  const { chunkKey, sealing } = keys;
  const cut = await compute.cutSegment({ segment: bytes, length, extents, chunkKey, cut: settings.cut });
  const { bounds, ids } = cut;
  const firstWithId = new Map<string, number>();
  for (let chunk = 0; chunk < bounds.length / 2; chunk++) {
    const id = toHex(ids.subarray(chunk * hashBytes, (chunk + 1) * hashBytes));
    if (!firstWithId.has(id)) firstWithId.set(id, chunk);
  }
  const chunks = [...firstWithId.keys()];
  const missing = await packs.missing(chunks);
  let wanted = missing.map((id) => firstWithId.get(id) as number);
  if (wanted.length > 0) {
    await packs.write(async (pack) => {
      const packBytes = settings.packBytes;
      const result = await compute.packChunks({ segment: bytes, bounds, ids, sealing, wanted, pack, packBytes });
      wanted = wanted.slice(result.stored);
      return { appended: result, more: wanted.length > 0 };
    });
  }
  compute.buffers.give(bytes);
  return { ...cut, length, chunks };
}
