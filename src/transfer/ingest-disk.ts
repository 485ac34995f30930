/**
 * A disk's bytes into a region's store: cut, named, stored as far as the region lacks them, and written down in a manifest.
 * The manifest's own `put` draws the whole pipeline, so its last byte is only asked for when every pack is durable (W1) and
 * tied to it (W2).
 */
import { toHex } from '../lib/hex.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import { manifestKey } from '../store/blob-keys.ts';
import { hashBytes } from '../store/hash.ts';
import type { ManifestSummary } from '../store/manifest-format.ts';
import { createManifestWriter } from '../store/manifest-writer.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { CutSegmentResult } from './compute/cut-segment.ts';
import type { ComputePool } from './compute/pool.ts';
import { createDiskDigest } from './disk-digest.ts';
import { createPackWriter, type PackWriter } from './pack-writer.ts';
import { type DataSegment, type DiskStream, segments } from './segments.ts';
import type { TransferSettings } from './settings.ts';
import { createTaskGroup } from './task-group.ts';

export interface IngestOptions {
  readonly disk: DiskStream;
  readonly store: RegionStore;
  /** A pending manifest of that region, which the caller made. */
  readonly manifestId: string;
  /** The account's key for chunk ids. */
  readonly chunkKey: Uint8Array;
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
  readonly signal: AbortSignal;
}

/**
 * Resolves when packs and manifest are durable; the caller makes the manifest live (W3) or drops it. Once this has rejected,
 * nothing of it is still writing.
 */
export async function ingestDisk(options: IngestOptions): Promise<ManifestSummary> {
  const { disk, store, manifestId, compute, settings, signal } = options;
  const writer = createManifestWriter(disk.size, settings.cut);
  const digest = createDiskDigest(disk.size);
  const packs = createPackWriter(options);
  const tasks = createTaskGroup(signal);
  let summary: ManifestSummary | undefined;

  async function* manifest(): AsyncGenerator<Uint8Array, void, undefined> {
    yield writer.header;
    const cutting = mapOrdered(segments(disk, settings.cut.segment, compute.buffers), settings.lanes, (segment) =>
      tasks.run(async () => {
        if (segment.bytes === null) return segment;
        const cut = await storeSegment(segment, packs, options);
        compute.buffers.give(segment.bytes);
        return { ...cut, length: segment.length };
      }),
    );
    for await (const segment of cutting) {
      if ('digests' in segment) {
        digest.add(segment.digests);
        for (const entry of entriesOf(segment, segment.length)) {
          const page = writer.add(entry);
          if (page !== undefined) yield page;
        }
      } else {
        digest.addZeros(segment.length);
        writer.add({ length: segment.length, id: null });
      }
    }
    await tasks.run(() => packs.flush());
    const last = writer.finish(digest.finish());
    summary = last.summary;
    yield* last.bytes;
  }

  try {
    await store.blobs.put(manifestKey(manifestId), manifest(), { signal });
  } finally {
    await tasks.settled();
  }
  if (summary === undefined) throw new Error('the store did not read the manifest to its end');
  return summary;
}

async function storeSegment(
  segment: DataSegment,
  packs: PackWriter,
  { chunkKey, compute, settings }: IngestOptions,
): Promise<CutSegmentResult> {
  const { bytes, length, extents } = segment;
  const cut = await compute.cutSegment({ segment: bytes, length, extents, chunkKey, cut: settings.cut });
  const { bounds, ids } = cut;
  const firstWithId = new Map<string, number>();
  for (let chunk = 0; chunk < bounds.length / 2; chunk++) {
    const id = toHex(idAt(ids, chunk));
    if (!firstWithId.has(id)) firstWithId.set(id, chunk);
  }
  const missing = await packs.missing([...firstWithId.keys()]);
  let wanted = missing.map((id) => firstWithId.get(id) as number);
  if (wanted.length > 0) {
    await packs.write(async (pack) => {
      const packBytes = settings.packBytes;
      const result = await compute.packChunks({ segment: bytes, bounds, ids, wanted, pack, packBytes });
      wanted = wanted.slice(result.stored);
      return { appended: result, more: wanted.length > 0 };
    });
  }
  return cut;
}

function idAt(ids: Uint8Array, chunk: number): Uint8Array {
  return ids.subarray(chunk * hashBytes, (chunk + 1) * hashBytes);
}

/** The chunks of a segment and the zeros between them. */
function* entriesOf(
  { bounds, ids }: CutSegmentResult,
  length: number,
): Generator<{ length: number; id: Uint8Array | null }> {
  let at = 0;
  for (let chunk = 0; chunk < bounds.length / 2; chunk++) {
    const start = bounds[chunk * 2] as number;
    const end = bounds[chunk * 2 + 1] as number;
    if (start > at) yield { length: start - at, id: null };
    yield { length: end - start, id: idAt(ids, chunk) };
    at = end;
  }
  if (length > at) yield { length: length - at, id: null };
}
