import { afterAll, describe, expect, it } from 'vitest';
import { DamageError } from '../domain/failure.ts';
import { toHex } from '../lib/hex.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import { BlobError, type BlobInfo } from '../store/blob-store.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { createComputePool } from './compute/pool.ts';
import { type RekeyDiskOptions, rekeyDisk } from './rekey-disk.ts';
import type { StoredDisk } from './stored-disk.ts';
import { newDisk, pseudoRandom } from './test-disk.test-support.ts';
import {
  blobsWith,
  chunkAt,
  createMemoryLog,
  createTestRegion,
  flipping,
  frameCount,
  ingest,
  type MemoryLog,
  neverAborted,
  plainKeys,
  readBack,
  sealedKeys,
  sealedSettings,
  smallSettings,
  type TestRegion,
} from './test-region.test-support.ts';

const MiB = 1024 * 1024;
const compute = createComputePool(2);
afterAll(() => compute.close());

function settingsFor(keys: DiskKeys) {
  return keys.sealing === null ? smallSettings : sealedSettings;
}

async function uploaded(disk: Uint8Array, keys: DiskKeys, region = 'north') {
  const store = createTestRegion(region);
  return { store, ...(await ingest(store, disk, compute, { keys, settings: settingsFor(keys) })) };
}

/** Stores a disk under other keys, and says what that took. */
async function rekey(
  source: StoredDisk,
  keys: DiskKeys,
  destination: TestRegion,
  overrides: Partial<RekeyDiskOptions> = {},
) {
  const manifestId = overrides.manifestId ?? destination.index.newManifest();
  const counts = { done: 0, moved: 0 };
  const onProgress = (done: number, moved: number) => {
    counts.done += done;
    counts.moved += moved;
  };
  const { cut } = settingsFor(keys);
  const rest = { log: createMemoryLog(), alternates: [], compute, settings: smallSettings, signal: neverAborted() };
  const summary = await rekeyDisk({ ...rest, source, destination, manifestId, keys, cut, onProgress, ...overrides });
  const stored: StoredDisk = { ...source, store: destination, manifestId, root: summary.root, keys };
  return { ...counts, summary, stored };
}

/**
 * A region and a log as one sees them whose process dies: the `last` step still reaches them, though nobody hears of it, and
 * nothing does after it.
 */
function mortal(region: TestRegion, log: MemoryLog, last: number) {
  const reason = new Error('dead');
  let steps = 0;
  const step =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const number = steps++;
      if (number > last) throw reason;
      const result = await work(...args);
      if (number === last) throw reason;
      return result;
    };
  const { blobs, index } = region;
  const dying: TestRegion = {
    ...region,
    blobs: { ...blobs, put: step(blobs.put) },
    index: {
      ...index,
      pin: step(index.pin),
      reservePack: step(index.reservePack),
      commitPack: step(index.commitPack),
    },
  };
  return { region: dying, log: { ...log, append: step(log.append) }, reason };
}

const kinds = [
  ['encrypted', plainKeys, sealedKeys(1)],
  ['encrypted with another data key', sealedKeys(1), sealedKeys(2)],
  ['no longer encrypted', sealedKeys(1), plainKeys],
] as const;

describe.each(kinds)('a disk that is stored again, %s,', (_, from, to) => {
  it.each([0, 5, 4 * MiB + 54_321])('of %i bytes has the same bytes', async (size) => {
    const disk = newDisk(131, size);
    const { stored } = await uploaded(disk, from);
    const south = createTestRegion('south');
    const { done, stored: rekeyed, summary } = await rekey(stored, to, south);
    expect(done).toBe(size);
    expect(Buffer.compare(await readBack(rekeyed, size, compute), disk)).toBe(0);
    expect(frameCount(south)).toBe(south.index.chunkCount());
    // It is the very disk that an upload of the same bytes makes.
    expect(summary).toEqual((await uploaded(disk, to)).summary);
  });

  it('in its own region too, where both can be read', async () => {
    const disk = newDisk(132, 2 * MiB + 5);
    const { store, stored } = await uploaded(disk, from);
    const { stored: rekeyed } = await rekey(stored, to, store);
    for (const either of [stored, rekeyed]) {
      expect(Buffer.compare(await readBack(either, disk.length, compute), disk)).toBe(0);
    }
  });

  it('goes on where it was cut off, and stores nothing twice', async () => {
    const disk = pseudoRandom(133, 8 * MiB);
    const { stored } = await uploaded(disk, from);
    const whole = await rekey(stored, to, createTestRegion('west'));
    const south = createTestRegion('south');
    const log = createMemoryLog();
    const manifestId = south.index.newManifest();
    const abort = new AbortController();
    const reason = new Error('the worker was killed');
    let packs = 0;
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++packs === 26) abort.abort(reason);
    };
    const killed = rekey(stored, to, south, { manifestId, log, signal: abort.signal });
    await expect(killed).rejects.toBe(reason);
    const steps = south.log.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(south.log.length).toBe(steps);
    const durable = log.end();
    expect(durable).toBeLessThan(disk.length);
    expect(await south.keys('manifests/')).toEqual([]);

    const { moved, done, stored: rekeyed } = await rekey(stored, to, south, { manifestId, log });
    expect(done).toBe(disk.length);
    expect(moved).toBeLessThan(whole.moved - durable + 2 * smallSettings.cut.maxChunk);
    expect(frameCount(south)).toBe(south.index.chunkCount());
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
    expect(toHex(rekeyed.root)).toBe(toHex(whole.stored.root));
  });

  it('survives a death at any step', async () => {
    const disk = newDisk(146, 3 * MiB);
    const { stored } = await uploaded(disk, from);
    const whole = await rekey(stored, to, createTestRegion('west'));
    let last = 0;
    for (let died = true; died; last += 11) {
      const south = createTestRegion('south');
      const log = createMemoryLog();
      const manifestId = south.index.newManifest();
      const killed = mortal(south, log, last);
      died = await rekey(stored, to, killed.region, { manifestId, log: killed.log }).then(
        () => false,
        (error: unknown) => error === killed.reason,
      );
      const { stored: rekeyed, done } = await rekey(stored, to, south, { manifestId, log });
      expect(done).toBe(disk.length);
      expect(toHex(rekeyed.root)).toBe(toHex(whole.stored.root));
      expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
    }
    expect(last).toBeGreaterThan(2 * 11);
  });

  it('is found by the next attempt when nobody heard that it was there', async () => {
    const disk = newDisk(134, 2 * MiB);
    const { stored } = await uploaded(disk, from);
    const south = createTestRegion('south');
    const log = createMemoryLog();
    const first = await rekey(stored, to, south, { log });
    const again = await rekey(stored, to, south, { log, manifestId: first.stored.manifestId });
    expect(again).toMatchObject({ moved: 0, done: disk.length, summary: first.summary });
  });
});

describe('a disk that is stored again', () => {
  it('leaves no word of it anywhere, killed or not', async () => {
    const marker = Buffer.from('no word of this is to be seen by anybody');
    const disk = newDisk(135, 8 * MiB);
    for (let at = 0; at < disk.length; at += 100_000) disk.set(marker, at);
    const { store, stored } = await uploaded(disk, sealedKeys(1));
    const south = createTestRegion('south');
    const log = createMemoryLog();
    const manifestId = south.index.newManifest();
    const abort = new AbortController();
    let packs = 0;
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++packs === 5) abort.abort();
    };
    const killed = rekey(stored, sealedKeys(2), south, { manifestId, log, signal: abort.signal });
    await expect(killed).rejects.toThrow();
    expect((await south.keys('packs/')).length).toBeGreaterThan(0);
    expect(await blobsWith(south, marker)).toEqual([]);
    await rekey(stored, sealedKeys(2), south, { manifestId, log });
    expect(await blobsWith(south, marker)).toEqual([]);
    expect(await blobsWith(store, marker)).toEqual([]);
    const west = createTestRegion('west');
    await rekey(stored, plainKeys, west);
    expect((await blobsWith(west, marker)).length).toBeGreaterThan(0);
  });

  it('stores nothing that the destination has already under those keys', async () => {
    const disk = newDisk(136, 4 * MiB);
    const { stored } = await uploaded(disk, sealedKeys(1));
    const { store: south } = await uploaded(disk, plainKeys, 'south');
    const packs = await south.keys('packs/');
    const { stored: rekeyed } = await rekey(stored, plainKeys, south);
    expect(await south.keys('packs/')).toEqual(packs);
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
  });

  it('may have other segments than its source', async () => {
    const disk = newDisk(137, 5 * MiB + 99);
    const { stored } = await uploaded(disk, plainKeys);
    const cut = { ...sealedSettings.cut, segment: 3 * MiB };
    const { stored: rekeyed } = await rekey(stored, sealedKeys(1), createTestRegion('south'), { cut });
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
  });

  it('is refused when the log has something else, and leaves no manifest', async () => {
    const { stored } = await uploaded(newDisk(138, 3 * MiB), sealedKeys(1));
    const south = createTestRegion('south');
    const log = createMemoryLog();
    await ingest(south, pseudoRandom(139, MiB), compute, { log });
    await expect(rekey(stored, plainKeys, south, { log })).rejects.toThrow('another digest than its source');
    expect((await south.keys('manifests/')).length).toBe(1);
  });
});

describe('storing a disk again fails', () => {
  it('when a chunk is damaged at its source, says where, and keeps what came before', async () => {
    const disk = pseudoRandom(141, 8 * MiB);
    const { store, stored } = await uploaded(disk, sealedKeys(1));
    const { offset, frame } = await chunkAt(stored, 7 * MiB + 99_000);
    store.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + 40);
    const south = createTestRegion('south');
    const log = createMemoryLog();
    const manifestId = south.index.newManifest();
    const error = await rekey(stored, sealedKeys(2), south, { log, manifestId }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DamageError);
    expect(error).toMatchObject({ code: 'image-damaged', offset, image: 'golden' });
    expect(await south.keys('manifests/')).toEqual([]);
    expect(log.end()).toBe(7 * MiB);

    store.hooks.afterGet = () => {};
    const { moved, stored: rekeyed } = await rekey(stored, sealedKeys(2), south, { log, manifestId });
    expect(moved).toBeLessThan(1.1 * MiB);
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
  });

  it('when the digest that its source is held to is damaged', async () => {
    const disk = newDisk(145, 2 * MiB);
    const { store, stored } = await uploaded(disk, sealedKeys(1));
    const key = manifestKey(stored.manifestId);
    const { size } = (await store.blobs.stat(key)) as BlobInfo;
    store.hooks.afterGet = flipping(key, size - 96 + 40);
    const south = createTestRegion('south');
    await expect(rekey(stored, plainKeys, south)).rejects.toMatchObject({ code: 'image-damaged', offset: 0 });
    expect(await south.keys('manifests/')).toEqual([]);
  });

  it('not when another region has the damaged chunk', async () => {
    const disk = pseudoRandom(142, 2 * MiB);
    const { store, stored } = await uploaded(disk, sealedKeys(1));
    const { frame } = await chunkAt(stored, MiB);
    store.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + 40);
    const { store: east } = await uploaded(disk, sealedKeys(1), 'east');
    const { stored: rekeyed } = await rekey(stored, plainKeys, createTestRegion('south'), { alternates: [east] });
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
  });

  it('when its manifest was dropped, or the destination is full', async () => {
    const { stored } = await uploaded(newDisk(143, 6 * MiB), plainKeys);
    const south = createTestRegion('south');
    const manifestId = south.index.newManifest();
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && south.index.packs().size === 2) south.index.dropManifest(manifestId);
    };
    await expect(rekey(stored, sealedKeys(1), south, { manifestId })).rejects.toThrow(ManifestGoneError);
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/')) throw new BlobError('full', key);
    };
    await expect(rekey(stored, sealedKeys(1), south)).rejects.toMatchObject({ kind: 'full' });
    expect(await south.keys('manifests/')).toEqual([]);
  });
});

describe('the memory that storing a disk again takes', () => {
  it('is bounded by its lanes: a slow destination holds the reading back', async () => {
    const disk = pseudoRandom(144, 16 * MiB);
    const { stored } = await uploaded(disk, plainKeys);
    const south = createTestRegion('south');
    const waiting: (() => void)[] = [];
    let isOpen = false;
    south.hooks.beforePut = async (key) => {
      if (key.startsWith('packs/') && !isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
    };
    let moved = 0;
    const onProgress = (_: number, bytes: number) => {
      moved += bytes;
    };
    const rekeying = rekey(stored, sealedKeys(1), south, { onProgress });
    let before = -1;
    while (waiting.length < smallSettings.lanes || moved !== before) {
      before = moved;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(waiting.length).toBe(smallSettings.lanes);
    // Batches that were read and the next, segments that are stored and the next, and the one that is being filled.
    expect(moved).toBeLessThanOrEqual((2 * smallSettings.lanes + 3) * smallSettings.cut.segment);
    isOpen = true;
    for (const open of waiting) open();
    const { stored: rekeyed } = await rekeying;
    expect(Buffer.compare(await readBack(rekeyed, disk.length, compute), disk)).toBe(0);
  });
});
