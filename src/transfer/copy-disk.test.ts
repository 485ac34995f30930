import { afterAll, describe, expect, it } from 'vitest';
import { DamageError } from '../domain/failure.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import { keyedHash } from '../store/hash.ts';
import { chainStart, encodeFooter, encodeHeader, encodePage } from '../store/manifest-format.ts';
import { createComputePool } from './compute/pool.ts';
import { type CopyDiskOptions, copyDisk } from './copy-disk.ts';
import type { StoredDisk } from './stored-disk.ts';
import { newDisk, plainDiskDigest, pseudoRandom } from './test-disk.test-support.ts';
import {
  chunkAt,
  chunkKey,
  createTestRegion,
  flipping,
  frameCount,
  frameOf,
  ingest,
  neverAborted,
  readBack,
  smallSettings,
  type TestRegion,
} from './test-region.test-support.ts';

const MiB = 1024 * 1024;
const compute = createComputePool(2);
afterAll(() => compute.close());

/** Copies a disk, and says what that took. */
async function copy(source: StoredDisk, destination: TestRegion, overrides: Partial<CopyDiskOptions> = {}) {
  const manifestId = overrides.manifestId ?? destination.index.newManifest();
  const counts = { done: 0, moved: 0 };
  const onProgress = (done: number, moved: number) => {
    counts.done += done;
    counts.moved += moved;
  };
  const settings = { alternates: [], compute, settings: smallSettings, onProgress, signal: neverAborted() };
  await copyDisk({ ...settings, source, destination, manifestId, ...overrides });
  return { ...counts, stored: { ...source, store: destination, manifestId } };
}

async function uploaded(disk: Uint8Array) {
  const store = createTestRegion('north');
  const { stored } = await ingest(store, disk, compute);
  return { north: store, stored };
}

describe('a copy', () => {
  it.each([0, 5, MiB, 6 * MiB + 54_321])('of %i bytes is equal to its source, root and all', async (size) => {
    const disk = newDisk(61, size);
    const { north, stored } = await uploaded(disk);
    const south = createTestRegion('south');
    const { done, stored: copied } = await copy(stored, south);
    expect(done).toBe(size);
    expect(Buffer.compare(await readBack(copied, size, compute), disk)).toBe(0);
    expect(Buffer.from(await south.blobs.get(manifestKey(copied.manifestId)))).toEqual(
      Buffer.from(await north.blobs.get(manifestKey(stored.manifestId))),
    );
    expect(frameCount(south)).toBe(south.index.chunkCount());
  });

  it('has the very frames of its source, and other packs', async () => {
    const { north, stored } = await uploaded(newDisk(62, 3 * MiB));
    const south = createTestRegion('south');
    await copy(stored, south);
    for (const [pack, entries] of south.index.packs()) {
      expect(north.index.packs().has(pack)).toBe(false);
      for (const { id, offset, length } of entries) {
        const origin = frameOf(north, id);
        const [there, here] = await Promise.all([
          north.blobs.get(packKey(origin.pack), origin),
          south.blobs.get(packKey(pack), { offset, length }),
        ]);
        expect(Buffer.compare(there, here)).toBe(0);
      }
    }
    expect(frameCount(south)).toBe(frameCount(north));
  });

  it('moves no byte when everything is there already, and is tied to all of it (W2)', async () => {
    const disk = newDisk(63, 4 * MiB);
    const { stored } = await uploaded(disk);
    const south = createTestRegion('south');
    const first = await copy(stored, south);
    const packs = await south.keys('packs/');
    const second = await copy(stored, south);
    expect(first.moved).toBeGreaterThan(MiB / 2);
    expect(second).toMatchObject({ moved: 0, done: disk.length });
    expect(await south.keys('packs/')).toEqual(packs);
    south.index.dropManifest(first.stored.manifestId);
    expect(Buffer.compare(await readBack(second.stored, disk.length, compute), disk)).toBe(0);
  });

  it('moves little more than what the destination lacks', async () => {
    const { north, stored } = await uploaded(pseudoRandom(64, 4 * MiB));
    const south = createTestRegion('south');
    await copy(stored, south);
    const derived = pseudoRandom(64, 4 * MiB);
    derived.set(pseudoRandom(65, 64 * 1024), 2 * MiB - 999);
    const { stored: next } = await ingest(north, derived, compute);
    const { moved, stored: copied } = await copy(next, south);
    expect(moved).toBeGreaterThan(64 * 1024);
    expect(moved).toBeLessThan(64 * 1024 + 5 * smallSettings.cut.maxChunk);
    expect(Buffer.compare(await readBack(copied, derived.length, compute), derived)).toBe(0);
  });

  it('does not fetch what lies far between two chunks that it needs', async () => {
    const settings = { ...smallSettings, packBytes: 2 * MiB, readBytes: MiB };
    const disk = pseudoRandom(69, MiB);
    const north = createTestRegion('north');
    const { stored } = await ingest(north, disk, compute, { settings });
    const south = createTestRegion('south');
    const older = disk.slice();
    for (const place of [300_000, 310_000, 700_000]) older.fill(0, place, place + 100);
    await ingest(south, older, compute);
    const reads: number[] = [];
    north.hooks.beforeGet = (key, { length }) => {
      if (key.startsWith('packs/')) reads.push(length);
    };
    await copy(stored, south, { settings });
    // The two that are near each other come at once, with what lies between them.
    expect(reads.length).toBe(2);
    expect(Math.max(...reads)).toBeLessThan(100_000);
  });

  it('keeps the order of W1', async () => {
    const { stored } = await uploaded(newDisk(66, 4 * MiB));
    const south = createTestRegion('south');
    const { stored: copied } = await copy(stored, south);
    for (const name of south.index.packs().keys()) {
      const key = packKey(name);
      expect(south.log.filter((step) => step.includes(name))).toEqual([
        `reserve ${name}`,
        `put ${key}`,
        `is there ${key}`,
        `commit ${name}`,
      ]);
    }
    expect(south.log.at(-1)).toBe(`is there ${manifestKey(copied.manifestId)}`);
  });

  it('has room for chunks that were cut under larger settings than are in force', async () => {
    const cut = { minChunk: 65_536, meanChunk: 262_144, maxChunk: 1_048_576, segment: 4 * MiB };
    const north = createTestRegion('north');
    const disk = pseudoRandom(67, 8 * MiB);
    const { stored } = await ingest(north, disk, compute, { settings: { ...smallSettings, cut } });
    const { stored: copied } = await copy(stored, createTestRegion('south'));
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
  });

  it('is refused when its manifest would have another root, since the database would not know it', async () => {
    // Two runs of zeros where the writer makes one: a manifest that no version of Mimeo wrote.
    const { stored } = await uploaded(newDisk(68, 10));
    const header = encodeHeader(200, smallSettings.cut);
    const zeros = { length: 100, id: null };
    const page = encodePage([zeros, zeros], chainStart(header));
    const summary = { size: 200, entries: 2, dataBytes: 0, digest: plainDiskDigest(new Uint8Array(200)) };
    const footer = encodeFooter(summary, page.link);
    const manifestId = crypto.randomUUID();
    await stored.store.blobs.put(manifestKey(manifestId), Buffer.concat([header, page.bytes, footer.bytes]));
    const south = createTestRegion('south');
    await expect(copy({ ...stored, manifestId, root: footer.root }, south)).rejects.toThrow('another root');
    expect(await south.keys('manifests/')).toEqual([]);
  });
});

describe('a copy that is tried again', () => {
  it('goes on where it was cut off, and stores nothing twice', async () => {
    const disk = newDisk(71, 8 * MiB);
    const { stored } = await uploaded(disk);
    const whole = await copy(stored, createTestRegion('west'));
    const south = createTestRegion('south');
    const manifestId = south.index.newManifest();
    const abort = new AbortController();
    const reason = new Error('the worker was killed');
    let packs = 0;
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++packs === 6) abort.abort(reason);
    };
    await expect(copy(stored, south, { manifestId, signal: abort.signal })).rejects.toBe(reason);
    const steps = south.log.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(south.log.length).toBe(steps);
    const durable = [...south.index.packs().keys()];
    // Six were begun, of which as many as there are lanes may have been on their way.
    expect(durable.length).toBeGreaterThanOrEqual(6 - smallSettings.lanes);
    expect(await south.keys('manifests/')).toEqual([]);

    const { moved, stored: copied } = await copy(stored, south, { manifestId });
    expect([...south.index.packs().keys()]).toEqual(expect.arrayContaining(durable));
    expect(frameCount(south)).toBe(south.index.chunkCount());
    expect(moved).toBeLessThan(whole.moved - (durable.length * smallSettings.packBytes) / 2);
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
  });

  it('after everything was durable finds its manifest', async () => {
    const disk = newDisk(72, 2 * MiB);
    const { stored } = await uploaded(disk);
    const south = createTestRegion('south');
    const first = await copy(stored, south);
    const again = await copy(stored, south, { manifestId: first.stored.manifestId });
    expect(again.moved).toBe(0);
    expect(Buffer.compare(await readBack(again.stored, disk.length, compute), disk)).toBe(0);
  });
});

describe('a copy fails', () => {
  it('when its manifest was dropped, and leaves no pack that something relies on', async () => {
    const { stored } = await uploaded(newDisk(73, 6 * MiB));
    const south = createTestRegion('south');
    const manifestId = south.index.newManifest();
    let packs = 0;
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && ++packs === 3) south.index.dropManifest(manifestId);
    };
    await expect(copy(stored, south, { manifestId })).rejects.toThrow(ManifestGoneError);
    expect(south.index.packs().size).toBe(0);
    // What was committed before is the collector's; what was on its way then is gone already.
    const committed = south.log.filter((step) => step.startsWith('commit')).map((step) => packKey(step.slice(7)));
    const left = await south.keys('packs/');
    expect(committed).toEqual(expect.arrayContaining(left));
  });

  it('when the destination is full, and leaves no manifest', async () => {
    const { stored } = await uploaded(newDisk(74, 4 * MiB));
    const south = createTestRegion('south');
    south.hooks.beforePut = (key) => {
      if (key.startsWith('packs/') && south.index.packs().size >= 2) throw new BlobError('full', key);
    };
    await expect(copy(stored, south)).rejects.toMatchObject({ kind: 'full' });
    expect(await south.keys('manifests/')).toEqual([]);
  });

  it('when a chunk is damaged at its source, and says where', async () => {
    const disk = newDisk(75, 3 * MiB);
    disk.set(pseudoRandom(7600, 100_000), 1_500_000);
    const { north, stored } = await uploaded(disk);
    const { offset, length, frame } = await chunkAt(stored, 1_550_000);
    north.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + 40);
    const south = createTestRegion('south');
    const error = await copy(stored, south).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DamageError);
    expect(error).toMatchObject({ code: 'image-damaged', offset });
    expect((error as Error).message).toContain(`image golden, disk 0, offset ${offset}: a chunk is damaged`);
    expect(await south.keys('manifests/')).toEqual([]);
    // R1: not even a pack has the damaged frame.
    const id = keyedHash(chunkKey, disk.subarray(offset, offset + length));
    expect((await south.index.locate([id])).size).toBe(0);

    const east = createTestRegion('east');
    await ingest(east, disk, compute);
    const { stored: copied } = await copy(stored, createTestRegion('west'), { alternates: [south, east] });
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
  });

  it('not for damage that is gone at the second look', async () => {
    const disk = newDisk(77, 2 * MiB);
    const { north, stored } = await uploaded(disk);
    let reads = 0;
    north.hooks.afterGet = (key, _, bytes) => {
      if (key.startsWith('packs/') && ++reads === 2) bytes.fill(0xff, 0, 50_000);
    };
    const south = createTestRegion('south');
    const { stored: copied } = await copy(stored, south);
    expect(reads).toBeGreaterThan(3);
    expect(frameCount(south)).toBe(south.index.chunkCount());
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
  });
});

describe('the memory of a copy', () => {
  it('is bounded by its lanes: a slow destination holds the reading back', async () => {
    const disk = pseudoRandom(78, 10 * MiB);
    const { stored } = await uploaded(disk);
    const south = createTestRegion('south');
    const waiting: (() => void)[] = [];
    let isOpen = false;
    south.hooks.beforePut = async (key) => {
      if (key.startsWith('packs/') && !isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
    };
    let moved = 0;
    const copying = copy(stored, south, {
      onProgress: (_, bytes) => {
        moved += bytes;
      },
    });
    let before = -1;
    while (waiting.length < smallSettings.lanes || moved !== before) {
      before = moved;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(waiting.length).toBe(smallSettings.lanes);
    expect(moved).toBeLessThanOrEqual(smallSettings.lanes * (smallSettings.packBytes + 2 * smallSettings.readBytes));
    isOpen = true;
    for (const open of waiting) open();
    const { stored: copied } = await copying;
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
  });
});
