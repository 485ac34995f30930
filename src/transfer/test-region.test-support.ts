import { deriveDataKeys } from '../kms/data-key.ts';
import { toHex } from '../lib/hex.ts';
import type { BlobStore, ByteRange } from '../store/blob-store.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { createMemoryStore } from '../store/drivers/memory/memory-store.ts';
import { openManifest } from '../store/manifest-reader.ts';
import { createMemoryIndex, type MemoryIndex } from '../store/memory-index.test-support.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { LoggedSegment, SegmentLog } from '../store/segment-log.ts';
import type { ComputePool } from './compute/pool.ts';
import { diskKeysOf } from './disk-keys.ts';
import { ingestDisk } from './ingest-disk.ts';
import { readDisk } from './read-disk.ts';
import { sealDisk } from './seal-disk.ts';
import type { DiskStream } from './segments.ts';
import { sealedCut, type TransferSettings } from './settings.ts';
import type { StoredDisk } from './stored-disk.ts';
import { streamOf } from './test-disk.test-support.ts';

/** Small, so that a disk of a few MiB makes many segments, packs and reads. */
export const smallSettings: TransferSettings = {
  cut: { minChunk: 1024, meanChunk: 4096, maxChunk: 16_384, segment: 1024 * 1024 },
  packBytes: 256 * 1024,
  lanes: 3,
  readBytes: 128 * 1024,
};

export const chunkKey = new Uint8Array(32).fill(7);
export const plainKeys: DiskKeys = { chunkKey, sealing: null };

/** What an encrypted disk is cut with. */
export const sealedSettings: TransferSettings = { ...smallSettings, cut: sealedCut(smallSettings.cut) };

/** The keys of an encrypted disk; others for each seed, a byte. */
export function sealedKeys(seed: number): DiskKeys {
  const id = `5ea1ed00-0000-4000-8000-0000000000${toHex(Uint8Array.of(seed))}`;
  return diskKeysOf({ id, ...deriveDataKeys(new Uint8Array(32).fill(seed)) }, chunkKey);
}

/** What a test does to a region's medium. Whatever throws in here is what the store throws. */
export interface Hooks {
  beforePut?: (key: string) => void | Promise<void>;
  afterPut?: (key: string) => void;
  beforeGet?: (key: string, range: ByteRange) => void | Promise<void>;
  /** May change the bytes that were read. */
  afterGet?: (key: string, range: ByteRange, bytes: Uint8Array) => void;
}

export interface TestRegion extends RegionStore {
  readonly index: MemoryIndex;
  readonly hooks: Hooks;
  /** In order: "pin", "reserve <pack>", "put <key>" when asked for; "is there <key>", "commit <pack>" when done. */
  readonly log: string[];
  keys(prefix: string): Promise<string[]>;
}

/** A region in memory that writes down what it is asked and can be made to fail. */
export function createTestRegion(region: string): TestRegion {
  const memory = createMemoryStore();
  const index = createMemoryIndex();
  const hooks: Hooks = {};
  const log: string[] = [];
  const blobs: BlobStore = {
    ...memory,
    async put(key, bytes, options) {
      log.push(`put ${key}`);
      await hooks.beforePut?.(key);
      await memory.put(key, bytes, options);
      log.push(`is there ${key}`);
      hooks.afterPut?.(key);
    },
    async get(key, range, options) {
      const size = (await memory.stat(key))?.size ?? 0;
      const asked = range ?? { offset: 0, length: size };
      await hooks.beforeGet?.(key, asked);
      const bytes = await memory.get(key, range, options);
      hooks.afterGet?.(key, asked, bytes);
      return bytes;
    },
  };
  return {
    region,
    blobs,
    hooks,
    log,
    index: {
      ...index,
      async pin(manifestId, ids) {
        log.push('pin');
        return await index.pin(manifestId, ids);
      },
      async reservePack(manifestId, pack, size) {
        log.push(`reserve ${pack}`);
        await index.reservePack(manifestId, pack, size);
      },
      async commitPack(manifestId, pack, entries) {
        await index.commitPack(manifestId, pack, entries);
        log.push(`commit ${pack}`);
      },
    },
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { key } of memory.list(prefix)) keys.push(key);
      return keys.sort();
    },
  };
}

/** A segment log in memory, which shows what it holds. */
export interface MemoryLog extends SegmentLog {
  readonly entries: LoggedSegment[];
  /** Where the next segment begins. */
  end(): number;
}

export function createMemoryLog(): MemoryLog {
  const entries: LoggedSegment[] = [];
  return {
    entries,
    end() {
      const last = entries.at(-1);
      return last === undefined ? 0 : last.position + last.length;
    },
    append: async (segments) => void entries.push(...segments),
    async *segments() {
      yield* entries;
    },
  };
}

interface IngestOverrides {
  readonly manifestId?: string;
  readonly settings?: TransferSettings;
  readonly signal?: AbortSignal;
  readonly log?: MemoryLog;
  readonly keys?: DiskKeys;
}

/** Ingests a disk, and says what is needed to read it. */
export async function ingest(
  store: TestRegion,
  disk: Uint8Array | DiskStream,
  compute: ComputePool,
  overrides: IngestOverrides = {},
) {
  const { manifestId = store.index.newManifest(), settings = smallSettings, signal = neverAborted() } = overrides;
  const { log = createMemoryLog(), keys = plainKeys } = overrides;
  const stream = disk instanceof Uint8Array ? streamOf(disk, [100_001, 300_000]) : disk;
  await ingestDisk({ disk: stream, store, manifestId, log, keys, compute, settings, signal });
  const summary = await sealDisk({ size: stream.size, cut: settings.cut, log, keys, store, manifestId, signal });
  const stored: StoredDisk = { store, manifestId, root: summary.root, keys, image: 'golden', disk: 0 };
  return { summary, stored };
}

/** Reads a stored disk into one buffer. */
export async function readBack(
  disk: StoredDisk,
  size: number,
  compute: ComputePool,
  alternates: readonly RegionStore[] = [],
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for await (const run of readDisk({ disk, alternates, compute, settings: smallSettings, signal: neverAborted() })) {
    bytes.set(run.bytes, run.offset);
  }
  return bytes;
}

export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** The keys of all blobs of a region that have `marker` in them. */
export async function blobsWith(region: TestRegion, marker: Buffer): Promise<string[]> {
  const found: string[] = [];
  for (const key of await region.keys('')) {
    if (Buffer.from(await region.blobs.get(key)).includes(marker)) found.push(key);
  }
  return found;
}

/** A hook that flips a bit of the byte at `offset` of a blob in whatever is read of it. */
export function flipping(key: string, offset: number): NonNullable<Hooks['afterGet']> {
  return (readKey, range, bytes) => {
    const at = offset - range.offset;
    if (readKey === key && at >= 0 && at < bytes.length) bytes[at] = (bytes[at] as number) ^ 0x10;
  };
}

/** Where a chunk's frame lies, for the hooks above. */
export function frameOf(region: TestRegion, id: Uint8Array): { pack: string; offset: number; length: number } {
  for (const [pack, entries] of region.index.packs()) {
    const entry = entries.find((candidate) => Buffer.compare(candidate.id, id) === 0);
    if (entry !== undefined) return { pack, offset: entry.offset, length: entry.length };
  }
  throw new Error('no committed pack holds the chunk');
}

/** The chunk that holds the byte at `place` of a disk that a test region has, and where its frame lies there. */
export async function chunkAt(disk: StoredDisk, place: number) {
  let offset = 0;
  const { sealing } = disk.keys;
  const manifest = await openManifest(disk.store.blobs, disk.manifestId, disk.root, { sealing });
  for await (const page of manifest.pages()) {
    for (const { id, length } of page) {
      if (id !== null && place >= offset && place < offset + length) {
        return { id, offset, length, frame: frameOf(disk.store as TestRegion, id) };
      }
      offset += length;
    }
  }
  throw new Error(`there is no chunk at ${place}`);
}

/** How many frames the committed packs hold together; as many as there are chunks if none was stored twice. */
export function frameCount(region: TestRegion): number {
  return [...region.index.packs().values()].reduce((sum, entries) => sum + entries.length, 0);
}
