/**
 * A disk from one region's store to another's: what the destination has is pinned (W2), only what it lacks is fetched, each
 * chunk is verified on the way (R1), and its frame is stored as it came. An attempt that was killed left durable packs tied
 * to the same pending manifest; the next one finds them and goes on from there. An encrypted disk keeps its data key, which its
 * frames are bound to: `rekey-disk.ts` makes a disk of another.
 */
import { fromHex } from '../lib/hex.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import { manifestKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import { ManifestError } from '../store/manifest-format.ts';
import { createManifestWriter } from '../store/manifest-writer.ts';
import type { RegionStore } from '../store/region-store.ts';
import { type Batch, batches, chunkIds } from './batches.ts';
import { readChunks } from './chunk-reader.ts';
import { frameBytes } from './compute/frames.ts';
import type { ComputePool } from './compute/pool.ts';
import { createPackWriter, type PackWriter } from './pack-writer.ts';
import type { TransferSettings } from './settings.ts';
import { chunkDamage, openStoredDisk, type StoredDisk } from './stored-disk.ts';
import { createTaskGroup } from './task-group.ts';

export interface CopyDiskOptions {
  readonly source: StoredDisk;
  /** Regions to look in for chunks that are damaged at the source. */
  readonly alternates: readonly RegionStore[];
  readonly destination: RegionStore;
  /** A pending manifest of the destination; the same one in every attempt. */
  readonly manifestId: string;
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
  /** Called with logical bytes dealt with and stored bytes of chunks fetched since the last call. */
  readonly onProgress: (done: number, moved: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Resolves when packs and manifest are durable at the destination. The new manifest has the source's root. Once this has
 * rejected, nothing of it is still writing.
 */
export async function copyDisk(options: CopyDiskOptions): Promise<void> {
  const { source, destination, manifestId, settings, signal, onProgress } = options;
  const manifest = await openStoredDisk(source, signal);
  const writer = createManifestWriter(manifest.summary.size, manifest.cut, source.keys.sealing);
  // A pack needs room for the largest chunk of this disk, which may have been cut under other settings.
  const packs = createPackWriter({ ...options, store: destination, settings: { ...settings, cut: manifest.cut } });
  const tasks = createTaskGroup(signal);

  async function* pages(): AsyncGenerator<Uint8Array, void, undefined> {
    yield writer.header;
    const copying = mapOrdered(batches(manifest, settings.cut.segment, signal), settings.lanes, (batch) =>
      tasks.run(async () => {
        await copyBatch(batch, manifest.cut.maxChunk, packs, options);
        return batch;
      }),
    );
    for await (const batch of copying) {
      for (const { length, id } of batch.entries) {
        const page = writer.add({ length, id: id === null ? null : fromHex(id) });
        if (page !== undefined) yield page;
      }
      onProgress(batch.length, 0);
    }
    await tasks.run(() => packs.flush());
    const { bytes, summary } = writer.finish(manifest.summary.digest);
    if (Buffer.compare(summary.root, source.root) !== 0)
      throw new ManifestError('the copy has another root than its source');
    yield* bytes;
  }

  try {
    await destination.blobs.put(manifestKey(manifestId), pages(), { signal });
  } catch (error) {
    // An earlier attempt came this far: the manifest is put only after its last pack is durable and tied.
    if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
  } finally {
    await tasks.settled();
  }
}

async function copyBatch(batch: Batch, maxChunk: number, packs: PackWriter, options: CopyDiskOptions): Promise<void> {
  const { source, alternates, compute, settings, signal, onProgress } = options;
  const missing = await packs.missing(chunkIds(batch));
  const reader = {
    store: source.store,
    alternates,
    keys: source.keys,
    maxChunk,
    readBytes: settings.readBytes,
    signal,
  };
  const lost = await readChunks(missing, reader, async (stretch) => {
    onProgress(0, frameBytes(stretch));
    let damaged: readonly number[] = [];
    await packs.write(async (pack) => {
      const appended = await compute.appendFrames({ stretch, pack });
      damaged = appended.damaged;
      return { appended, more: false };
    });
    return damaged;
  });
  const lostIds = new Set(lost);
  const damaged = batch.entries.find(({ id }) => id !== null && lostIds.has(id));
  if (damaged !== undefined) throw chunkDamage(source, damaged.offset);
}
