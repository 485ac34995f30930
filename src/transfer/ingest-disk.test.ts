import { afterAll, describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { packKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import { hash } from '../store/hash.ts';
import { openManifest } from '../store/manifest-reader.ts';
import { readPackIndex } from '../store/pack-format.ts';
import { type ComputePool, createComputePool } from './compute/pool.ts';
import { sealDisk } from './seal-disk.ts';
import type { DiskStream } from './segments.ts';
import { newDisk, plainDiskDigest, pseudoRandom } from './test-disk.test-support.ts';
import {
  createMemoryLog,
  createTestRegion,
  frameCount,
  ingest,
  type MemoryLog,
  neverAborted,
  plainKeys,
  readBack,
  smallSettings,
  type TestRegion,
} from './test-region.test-support.ts';

const MiB = 1024 * 1024;
const compute: ComputePool = createComputePool(2);
afterAll(() => compute.close());

/** Ids of all chunks of a stored disk, each once. */
async function uniqueChunks(store: TestRegion, manifestId: string, root: Uint8Array): Promise<Uint8Array[]> {
  const ids = new Map<string, Uint8Array>();
  for await (const page of (await openManifest(store.blobs, manifestId, root)).pages()) {
    for (const { id } of page) if (id !== null) ids.set(toHex(id), id);
  }
  return [...ids.values()];
}

async function storedBytes(store: TestRegion): Promise<number> {
  let bytes = 0;
  for await (const { size } of store.blobs.list('packs/')) bytes += size;
  return bytes;
}

describe('a disk that was ingested', () => {
  it.each([0, 1, 4095, 4096, MiB, MiB + 1, 5 * MiB + 12_345])('of %i bytes can be read again', async (size) => {
    const store = createTestRegion('north');
    const disk = newDisk(21, size);
    const { summary, stored } = await ingest(store, disk, compute);
    expect(Buffer.compare(await readBack(stored, size, compute), disk)).toBe(0);
    expect(toHex(summary.digest)).toBe(toHex(plainDiskDigest(disk)));
    expect(summary.size).toBe(size);
    expect(frameCount(store)).toBe((await uniqueChunks(store, stored.manifestId, summary.root)).length);
  });

  it('of nothing but zeros makes no pack', async () => {
    const store = createTestRegion('north');
    const { summary } = await ingest(store, new Uint8Array(3 * MiB + 5), compute);
    expect(summary).toMatchObject({ entries: 1, dataBytes: 0 });
    expect(await store.keys('')).toHaveLength(1);
  });

  it('of terabytes, nearly all of them holes, costs what its data costs', async () => {
    const store = createTestRegion('north');
    const size = 3 * 2 ** 40 + 777;
    const places = [0, 2 ** 31 - 5, 2 ** 32 + 4096, 2 ** 40, size - 20_000];
    async function* runs() {
      for (const offset of places) yield { offset, bytes: pseudoRandom(offset % 1000 || 1, 20_000) };
    }
    const { summary, stored } = await ingest(store, { size, runs: runs() }, compute);
    expect(summary.dataBytes).toBeLessThan(places.length * 40_000);
    const manifest = await openManifest(store.blobs, stored.manifestId, stored.root);
    let covered = 0;
    for await (const page of manifest.pages()) for (const { length } of page) covered += length;
    expect(covered).toBe(size);
  });

  it('brings no pack, and the same root, when it is there already', async () => {
    const store = createTestRegion('north');
    const disk = newDisk(22, 3 * MiB);
    const first = await ingest(store, disk, compute);
    const packs = await store.keys('packs/');
    const second = await ingest(store, disk, compute);
    expect(await store.keys('packs/')).toEqual(packs);
    expect(toHex(second.summary.root)).toBe(toHex(first.summary.root));
    // W2: the second manifest is tied to the first one's packs.
    expect(store.index.tiesOf(second.stored.manifestId)).toEqual(store.index.tiesOf(first.stored.manifestId));
  });

  it('brings little more than what changed when a disk like it is there', async () => {
    const store = createTestRegion('north');
    const disk = pseudoRandom(23, 4 * MiB);
    await ingest(store, disk, compute);
    const before = await storedBytes(store);
    const derived = disk.slice();
    derived.set(pseudoRandom(24, 64 * 1024), MiB + 54_321);
    const { stored } = await ingest(store, derived, compute);
    const brought = (await storedBytes(store)) - before;
    expect(brought).toBeGreaterThan(64 * 1024);
    expect(brought).toBeLessThan(64 * 1024 + 4 * smallSettings.cut.maxChunk + 4096);
    expect(Buffer.compare(await readBack(stored, derived.length, compute), derived)).toBe(0);
  });

  it('stores a chunk once, though several lanes meet it at once', async () => {
    const store = createTestRegion('north');
    const once = pseudoRandom(25, MiB);
    const disk = new Uint8Array(8 * MiB);
    for (let at = 0; at < disk.length; at += MiB) disk.set(once, at);
    // Answers of the index come late, and in any order.
    const { pin } = store.index;
    let call = 0;
    store.index.pin = async (...args) => {
      const found = await pin(...args);
      await new Promise((resolve) => setTimeout(resolve, (call++ % 3) * 15));
      return found;
    };
    const { stored } = await ingest(store, disk, compute);
    expect(frameCount(store)).toBe(store.index.chunkCount());
    expect(frameCount(store)).toBe((await uniqueChunks(store, stored.manifestId, stored.root)).length);
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
  });

  it('is tied to every pack that holds one of its chunks (W2)', async () => {
    const store = createTestRegion('north');
    await ingest(store, newDisk(26, 2 * MiB), compute);
    const both = Buffer.concat([newDisk(26, MiB), newDisk(27, MiB)]);
    const { stored } = await ingest(store, Uint8Array.from(both), compute);
    const located = await store.index.locate(await uniqueChunks(store, stored.manifestId, stored.root));
    const packs = new Set([...located.values()].map(({ pack }) => pack));
    expect(store.index.tiesOf(stored.manifestId)).toEqual(expect.arrayContaining([...packs]));
  });

  it('lies in packs whose names are the hashes of their bytes, and which say themselves what is in them', async () => {
    const store = createTestRegion('north');
    await ingest(store, newDisk(28, 3 * MiB), compute);
    expect(store.index.packs().size).toBeGreaterThan(4);
    for (const [name, entries] of store.index.packs()) {
      const pack = await store.blobs.get(packKey(name));
      expect(toHex(hash(pack))).toBe(name);
      expect(readPackIndex(pack).map(({ id, offset, length }) => [toHex(id), offset, length])).toEqual(
        entries.map(({ id, offset, length }) => [toHex(id), offset, length]),
      );
    }
  });
});

describe('the order of an ingest (W1)', () => {
  it('is for each pack: reserved, put, there, committed; and the manifest after the last', async () => {
    const store = createTestRegion('north');
    const { stored } = await ingest(store, newDisk(31, 4 * MiB), compute);
    for (const name of store.index.packs().keys()) {
      const steps = store.log.filter((step) => step.includes(name));
      const key = packKey(name);
      expect(steps).toEqual([`reserve ${name}`, `put ${key}`, `is there ${key}`, `commit ${name}`]);
    }
    expect(store.log.filter((step) => step.startsWith('reserve')).length).toBe(store.index.packs().size);
    expect(store.log.at(-1)).toBe(`is there manifests/${stored.manifestId}`);
  });

  it('commits nothing that the store did not take, and leaves no manifest', async () => {
    const store = createTestRegion('north');
    const full = new BlobError('full', 'packs/00/full');
    let puts = 0;
    store.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++puts >= 3) throw full;
    };
    await expect(ingest(store, newDisk(32, 6 * MiB), compute)).rejects.toBe(full);
    expect(await store.keys('manifests/')).toEqual([]);
    expect((await store.keys('packs/')).length).toBe(2);
    expect(store.index.packs().size).toBe(2);
    await expectSilence(store);
  });
});

describe('the log of an ingest', () => {
  /** A log that checks what it is given: W1 and W2 hold for every chunk, at the moment at which it is logged. */
  function strictLog(store: TestRegion, manifestId: string): MemoryLog {
    const log = createMemoryLog();
    return {
      ...log,
      async append(entries) {
        const tied = new Set(store.index.tiesOf(manifestId));
        for (const entry of entries) {
          expect(entry.position).toBe(log.end());
          const chunks = Array.from({ length: entry.ids.length / 32 }, (_, at) =>
            entry.ids.subarray(at * 32, at * 32 + 32),
          );
          const located = await store.index.locate(chunks);
          expect(chunks.filter((id) => !tied.has(located.get(toHex(id))?.pack ?? ''))).toEqual([]);
          await log.append([entry]);
        }
      },
    };
  }

  it('names no chunk that is not durable and tied, while others are on their way (W1, W2)', async () => {
    const store = createTestRegion('north');
    const manifestId = store.index.newManifest();
    const log = strictLog(store, manifestId);
    const disk = new Uint8Array(15 * MiB);
    disk.set(newDisk(36, 8 * MiB));
    disk.set(newDisk(36, 4 * MiB), 11 * MiB);
    let loggedBefore = 0;
    store.hooks.beforePut = async (key) => {
      if (key.startsWith('packs/')) await new Promise((resolve) => setTimeout(resolve, 2));
      else loggedBefore = log.end();
    };
    const { stored } = await ingest(store, disk, compute, { manifestId, log });
    expect(loggedBefore).toBe(disk.length);
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
  });

  it('goes on though packs do not get full, so that what waits for them is bounded', async () => {
    const store = createTestRegion('north');
    const manifestId = store.index.newManifest();
    const log = strictLog(store, manifestId);
    const size = 150 * MiB;
    let mostWaiting = 0;
    async function* runs() {
      for (let offset = 0; offset < size; offset += MiB) {
        mostWaiting = Math.max(mostWaiting, offset - log.end());
        yield { offset, bytes: pseudoRandom(1 + offset / MiB, 300) };
      }
    }
    await ingest(store, { size, runs: runs() }, compute, { manifestId, log });
    expect(log.end()).toBe(size);
    expect(mostWaiting).toBeGreaterThan(60 * MiB);
    expect(mostWaiting).toBeLessThan(80 * MiB);
    expect(store.index.packs().size).toBeLessThan(20);
  });

  it('has all that came before the source broke off', async () => {
    const store = createTestRegion('north');
    const manifestId = store.index.newManifest();
    const log = strictLog(store, manifestId);
    const disk = newDisk(37, 3 * MiB + 5);
    const broken = new Error('the connection was closed');
    async function* runs(from: number, end: number) {
      yield { offset: from, bytes: disk.subarray(from, end) };
      if (end < disk.length) throw broken;
    }
    const first = ingest(store, { size: disk.length, runs: runs(0, 2 * MiB + 5) }, compute, { manifestId, log });
    await expect(first).rejects.toBe(broken);
    expect(log.end()).toBe(2 * MiB);
    const rest = { size: disk.length, from: log.end(), runs: runs(log.end(), disk.length) };
    const { stored, summary } = await ingest(store, rest, compute, { manifestId, log });
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
    const whole = await ingest(createTestRegion('south'), disk, compute);
    expect(toHex(summary.root)).toBe(toHex(whole.summary.root));
  });

  it('is enough to write the manifest again when nobody heard that it was there', async () => {
    const store = createTestRegion('north');
    const disk = newDisk(38, 2 * MiB);
    const manifestId = store.index.newManifest();
    const log = createMemoryLog();
    const { summary } = await ingest(store, disk, compute, { manifestId, log });
    const { cut } = smallSettings;
    const again = await sealDisk({
      size: disk.length,
      cut,
      log,
      keys: plainKeys,
      store,
      manifestId,
      signal: neverAborted(),
    });
    expect(again).toEqual(summary);
  });
});

describe('a medium that fails for the moment', () => {
  it('is asked again', async () => {
    const store = createTestRegion('north');
    let puts = 0;
    store.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++puts === 1) throw new BlobError('retryable', key);
    };
    const disk = newDisk(33, MiB);
    const { stored } = await ingest(store, disk, compute);
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
  });

  it('is believed when it says that the pack is there, for only its answer was lost', async () => {
    const store = createTestRegion('north');
    let puts = 0;
    store.hooks.afterPut = (key) => {
      if (key.startsWith('packs/') && ++puts === 1) throw new BlobError('retryable', key);
    };
    const disk = newDisk(34, MiB);
    const { stored } = await ingest(store, disk, compute);
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
    expect(frameCount(store)).toBe(store.index.chunkCount());
  });

  it('is given up after the third time', async () => {
    const store = createTestRegion('north');
    store.hooks.beforePut = (key) => {
      if (key.startsWith('packs/')) throw new BlobError('retryable', key);
    };
    await expect(ingest(store, newDisk(35, 200_000), compute)).rejects.toThrow('failed for the moment');
    expect(store.log.filter((step) => step.startsWith('put packs/')).length).toBe(3);
  });
});

describe('an ingest that ends early', () => {
  it('by its signal rejects with the reason, and writes nothing any more', async () => {
    const store = createTestRegion('north');
    const abort = new AbortController();
    const reason = new Error('cancelled');
    let puts = 0;
    store.hooks.beforePut = async (key) => {
      if (!key.startsWith('packs/')) return;
      if (++puts === 4) abort.abort(reason);
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const ingesting = ingest(store, newDisk(41, 8 * MiB), compute, { signal: abort.signal });
    await expect(ingesting).rejects.toBe(reason);
    await expectSilence(store);
    expect(await store.keys('manifests/')).toEqual([]);
  });

  it('by its signal does not wait for a source that is silent', async () => {
    const store = createTestRegion('north');
    const abort = new AbortController();
    const reason = new Error('cancelled');
    async function* runs() {
      yield { offset: 0, bytes: pseudoRandom(1, MiB) };
      abort.abort(reason);
      await new Promise(() => {});
    }
    const ingesting = ingest(store, { size: 2 * MiB, runs: runs() }, compute, { signal: abort.signal });
    await expect(ingesting).rejects.toBe(reason);
    await expectSilence(store);
  });

  it('before it began does nothing', async () => {
    const store = createTestRegion('north');
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(ingest(store, newDisk(42, MiB), compute, { signal })).rejects.toThrow('cancelled');
    expect(store.index.packs().size).toBe(0);
    expect(await store.keys('')).toEqual([]);
  });

  it('because its source fails says what the source said', async () => {
    const store = createTestRegion('north');
    const broken = new Error('the connection was closed');
    async function* runs() {
      yield { offset: 0, bytes: newDisk(43, 3 * MiB) };
      throw broken;
    }
    await expect(ingest(store, { size: 4 * MiB, runs: runs() }, compute)).rejects.toBe(broken);
    await expectSilence(store);
    expect(await store.keys('manifests/')).toEqual([]);
  });

  it('because its manifest was dropped says so', async () => {
    const store = createTestRegion('north');
    const manifestId = store.index.newManifest();
    let puts = 0;
    store.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++puts === 2) store.index.dropManifest(manifestId);
    };
    await expect(ingest(store, newDisk(44, 6 * MiB), compute, { manifestId })).rejects.toThrow(ManifestGoneError);
    await expectSilence(store);
    expect(store.index.packs().size).toBe(0);
  });
});

describe('the memory of an ingest', () => {
  it('is bounded by its lanes: a slow store holds the source back', async () => {
    const store = createTestRegion('north');
    const waiting: (() => void)[] = [];
    let most = 0;
    let isOpen = false;
    store.hooks.beforePut = async (key) => {
      if (!key.startsWith('packs/') || isOpen) return;
      const gate = new Promise<void>((resolve) => waiting.push(resolve));
      most = Math.max(most, waiting.length);
      await gate;
    };
    const disk = pseudoRandom(51, 12 * MiB);
    let pulled = 0;
    async function* runs(): DiskStream['runs'] {
      for (const piece = 64 * 1024; pulled < disk.length; ) {
        const bytes = disk.subarray(pulled, pulled + piece);
        pulled += bytes.length;
        yield { offset: pulled - bytes.length, bytes };
      }
    }
    const ingesting = ingest(store, { size: disk.length, runs: runs() }, compute);
    let before = -1;
    while (waiting.length < smallSettings.lanes || pulled !== before) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(pulled).toBeLessThanOrEqual((smallSettings.lanes + 1) * smallSettings.cut.segment);
    expect(most).toBe(smallSettings.lanes);
    isOpen = true;
    for (const open of waiting) open();
    const { stored } = await ingesting;
    expect(Buffer.compare(await readBack(stored, disk.length, compute), disk)).toBe(0);
  });
});

/** Nothing more is asked of store or index, even if one waits. */
async function expectSilence(store: TestRegion): Promise<void> {
  const steps = store.log.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(store.log.slice(steps)).toEqual([]);
}
