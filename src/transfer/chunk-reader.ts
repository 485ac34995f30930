/**
 * Reads chunks back, by id. R1: every frame is verified; a damaged one is read once more, then looked for in the other
 * regions, and what no region has intact is reported and never handed out.
 */
import { fromHex } from '../lib/hex.ts';
import { packKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import type { ChunkLocation } from '../store/chunk-index.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { packEntryBytes } from '../store/pack-format.ts';
import type { RegionStore } from '../store/region-store.ts';
import { retryBlob } from '../store/retry-blob.ts';
import type { FrameStretch } from './compute/frames.ts';

export interface ChunkReaderOptions {
  /** Where the chunks should be. */
  readonly store: RegionStore;
  /** Regions to look in for what is damaged there. */
  readonly alternates: readonly RegionStore[];
  readonly keys: DiskKeys;
  readonly maxChunk: number;
  /** The most bytes one read fetches, index entries of the frames included. */
  readonly readBytes: number;
  readonly signal: AbortSignal;
}

/** Verifies and uses the frames of a stretch; returns the numbers of those that are damaged. */
export type UseStretch = (stretch: FrameStretch, ids: readonly string[]) => Promise<readonly number[]>;

/** Frames that lie near each other in one pack, to be fetched with one read. */
interface Stretch {
  readonly pack: string;
  readonly start: number;
  end: number;
  readonly frames: { readonly id: string; readonly place: ChunkLocation }[];
}

/** Less than this between two frames is fetched and thrown away: cheaper than another request. */
const joinGap = 64 * 1024;

/** Reads the chunks (hexadecimal ids, each once) and passes their frames to `use`; returns those found intact nowhere. */
export async function readChunks(
  ids: readonly string[],
  options: ChunkReaderOptions,
  use: UseStretch,
): Promise<string[]> {
  const located = await options.store.index.locate(ids.map(fromHex));
  let damaged = ids.filter((id) => !located.has(id));
  for (const stretch of planStretches(located, options.readBytes)) {
    damaged.push(...(await readStretch(stretch, options.store, options, use)));
  }
  if (damaged.length > 0) damaged = await readSingly(damaged, options.store, options, use);
  for (const store of options.alternates) {
    if (damaged.length > 0) damaged = await readElsewhere(damaged, store, options, use);
  }
  return damaged;
}

/** A region that does not answer has nothing for us; the next one may. */
async function readElsewhere(
  ids: string[],
  store: RegionStore,
  options: ChunkReaderOptions,
  use: UseStretch,
): Promise<string[]> {
  try {
    return await readSingly(ids, store, options, use);
  } catch (error) {
    if (error instanceof BlobError) return ids;
    throw error;
  }
}

function planStretches(located: ReadonlyMap<string, ChunkLocation>, readBytes: number): Stretch[] {
  const places = [...located].sort(([, a], [, b]) =>
    a.pack === b.pack ? a.offset - b.offset : a.pack < b.pack ? -1 : 1,
  );
  const stretches: Stretch[] = [];
  let last: Stretch | undefined;
  for (const [id, place] of places) {
    const end = place.offset + place.length;
    const joins =
      last !== undefined &&
      last.pack === place.pack &&
      place.offset - last.end <= joinGap &&
      end - last.start + (last.frames.length + 1) * packEntryBytes <= readBytes;
    if (last !== undefined && joins) {
      last.frames.push({ id, place });
      last.end = end;
    } else {
      last = { pack: place.pack, start: place.offset, end, frames: [{ id, place }] };
      stretches.push(last);
    }
  }
  return stretches;
}

async function readSingly(
  ids: string[],
  store: RegionStore,
  options: ChunkReaderOptions,
  use: UseStretch,
): Promise<string[]> {
  const located = await store.index.locate(ids.map(fromHex));
  const damaged = ids.filter((id) => !located.has(id));
  for (const [id, place] of located) {
    const single = { pack: place.pack, start: place.offset, end: place.offset + place.length, frames: [{ id, place }] };
    damaged.push(...(await readStretch(single, store, options, use)));
  }
  return damaged;
}

async function readStretch(
  stretch: Stretch,
  store: RegionStore,
  options: ChunkReaderOptions,
  use: UseStretch,
): Promise<string[]> {
  const ids = stretch.frames.map(({ id }) => id);
  const bytes = await fetch(stretch, store, options.signal);
  if (bytes === undefined) return ids;
  const bounds = stretch.frames.flatMap(({ place }) => [
    place.offset - stretch.start,
    place.offset + place.length - stretch.start,
  ]);
  const { keys, maxChunk } = options;
  const idBytes = new Uint8Array(Buffer.from(ids.join(''), 'hex'));
  const damaged = await use({ bytes, bounds: Int32Array.from(bounds), ids: idBytes, keys, maxChunk }, ids);
  return damaged.map((number) => ids[number] as string);
}

/** Undefined when the pack, or this part of it, is not there: to R1 that is damage like any other. */
async function fetch(
  stretch: Stretch,
  store: RegionStore,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const range = { offset: stretch.start, length: stretch.end - stretch.start };
  try {
    return await retryBlob(() => store.blobs.get(packKey(stretch.pack), range, { signal }), signal);
  } catch (error) {
    if (error instanceof BlobError && (error.kind === 'not-found' || error.kind === 'out-of-range')) return undefined;
    throw error;
  }
}
