import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DamageError } from '../domain/failure.ts';
import { toHex } from '../lib/hex.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import type { DiskKeys, DiskSealing } from '../store/disk-keys.ts';
import { readFrame } from '../store/frame-format.ts';
import { openManifest } from '../store/manifest-reader.ts';
import { createComputePool } from './compute/pool.ts';
import { copyDisk } from './copy-disk.ts';
import { countMissing } from './count-missing.ts';
import type { StoredDisk } from './stored-disk.ts';
import { newDisk, pseudoRandom } from './test-disk.test-support.ts';
import {
  blobsWith,
  chunkAt,
  createTestRegion,
  flipping,
  frameCount,
  ingest,
  neverAborted,
  readBack,
  sealedKeys,
  sealedSettings,
  type TestRegion,
} from './test-region.test-support.ts';
import { verifyDisk } from './verify-disk.ts';

const MiB = 1024 * 1024;
const { maxChunk } = sealedSettings.cut;
const compute = createComputePool(2);
afterAll(() => compute.close());

function store(region: TestRegion, disk: Uint8Array, keys: DiskKeys) {
  return ingest(region, disk, compute, { keys, settings: sealedSettings });
}

async function copy(source: StoredDisk, destination: TestRegion, alternates: readonly TestRegion[] = []) {
  const manifestId = destination.index.newManifest();
  let moved = 0;
  const onProgress = (_: number, bytes: number) => {
    moved += bytes;
  };
  const rest = { alternates, compute, settings: sealedSettings, onProgress, signal: neverAborted() };
  await copyDisk({ ...rest, source, destination, manifestId });
  return { moved, stored: { ...source, store: destination, manifestId } };
}

async function damages(disk: StoredDisk): Promise<number[]> {
  const offsets: number[] = [];
  const reading = verifyDisk({ disk, compute, settings: sealedSettings, signal: neverAborted() });
  for await (const { offset } of reading) offsets.push(offset);
  return offsets;
}

/** Chunk ids in hexadecimal and lengths, in order. */
async function chunksOf({ store, manifestId, root, keys }: StoredDisk) {
  const chunks: { readonly id: string; readonly length: number; readonly offset: number }[] = [];
  let offset = 0;
  const manifest = await openManifest(store.blobs, manifestId, root, { sealing: keys.sealing });
  for await (const page of manifest.pages()) {
    for (const { id, length } of page) {
      if (id !== null) chunks.push({ id: toHex(id), length, offset });
      offset += length;
    }
  }
  return chunks;
}

describe('an encrypted disk', () => {
  it('is read as it came, of whatever it is made', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), fc.nat(2_200_000), async (seed, size) => {
        const disk = newDisk(seed, size);
        const { stored } = await store(createTestRegion('north'), disk, sealedKeys(1));
        expect(Buffer.compare(await readBack(stored, size, compute), disk)).toBe(0);
        expect(await damages(stored)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  it('leaves no word of it in the store', async () => {
    const marker = Buffer.from('no word of this is to be seen by anybody');
    const disk = newDisk(101, 3 * MiB);
    // In what compresses, in what does not, and across the end of a chunk.
    for (const at of [0, 4096, MiB - 20, MiB + maxChunk - 9, 2 * MiB + 777, disk.length - marker.length]) {
      disk.set(marker, at);
    }
    disk.set(pseudoRandom(102, maxChunk - 100), 2 * MiB + 817);
    const north = createTestRegion('north');
    await store(north, disk, sealedKeys(1));
    expect((await north.keys('')).length).toBeGreaterThan(3);
    expect(await blobsWith(north, marker)).toEqual([]);
    expect(await blobsWith(north, marker.subarray(0, 8))).toEqual([]);

    const plain = createTestRegion('south');
    await ingest(plain, disk, compute);
    expect((await blobsWith(plain, marker)).length).toBeGreaterThan(0);
  });

  it('is cut in lengths that tell nothing of it, on the grid of its data', async () => {
    const disk = newDisk(103, 3 * MiB);
    const { stored } = await store(createTestRegion('north'), disk, sealedKeys(1));
    const chunks = await chunksOf(stored);
    const ends = new Set(chunks.map(({ offset }) => offset));
    for (const { offset, length } of chunks) {
      expect(offset % 4096).toBe(0);
      expect(length === maxChunk || !ends.has(offset + length) || (offset + length) % MiB === 0).toBe(true);
    }
    expect(chunks.filter(({ length }) => length === maxChunk).length).toBeGreaterThan(20);
  });

  it('stores what it has twice once, and again under another data key', async () => {
    const disk = pseudoRandom(104, 3 * MiB);
    disk.copyWithin(2 * MiB, 0, MiB);
    const north = createTestRegion('north');
    const first = await store(north, disk, sealedKeys(1));
    const once = (2 * MiB) / maxChunk;
    expect([frameCount(north), north.index.chunkCount()]).toEqual([once, once]);
    const again = await store(north, disk, sealedKeys(1));
    expect(frameCount(north)).toBe(once);
    expect(toHex(again.summary.root)).toBe(toHex(first.summary.root));
    const other = await store(north, disk, sealedKeys(2));
    expect(frameCount(north)).toBe(2 * once);
    expect(toHex(other.summary.digest)).not.toBe(toHex(first.summary.digest));
    expect(Buffer.compare(await readBack(other.stored, disk.length, compute), disk)).toBe(0);
  });

  it('cannot be read with another data key, nor as if it were not encrypted', async () => {
    const { stored } = await store(createTestRegion('north'), newDisk(105, MiB), sealedKeys(1));
    const [right, other] = [stored.keys.sealing as DiskSealing, sealedKeys(2).sealing as DiskSealing];
    for (const keys of [
      sealedKeys(2),
      { ...stored.keys, sealing: null },
      { ...stored.keys, sealing: { ...right, frames: other.frames } },
      { ...stored.keys, sealing: { ...right, manifest: other.manifest } },
      { ...stored.keys, sealing: { ...right, id: other.id } },
    ]) {
      await expect(readBack({ ...stored, keys }, MiB, compute)).rejects.toThrow(DamageError);
    }
  });
});

describe('a frame of an encrypted disk is damaged', () => {
  const disk = pseudoRandom(111, 2 * MiB);
  const older = pseudoRandom(112, 2 * MiB);
  let north: TestRegion;
  let stored: StoredDisk;

  beforeEach(async () => {
    north = createTestRegion('north');
    ({ stored } = await store(north, disk, sealedKeys(1)));
  });

  /** Puts a frame where that of the chunk at `place` is, in all that is read; tells where the chunk begins. */
  async function replace(place: number, frame: Uint8Array): Promise<number> {
    const target = await chunkAt(stored, place);
    expect(frame.length).toBe(target.frame.length);
    north.hooks.afterGet = (key, range, bytes) => {
      const at = target.frame.offset - range.offset;
      if (key === packKey(target.frame.pack) && at >= 0 && at + frame.length <= bytes.length) bytes.set(frame, at);
    };
    return target.offset;
  }

  async function frameAt(disk: StoredDisk, place: number): Promise<Uint8Array> {
    const { frame } = await chunkAt(disk, place);
    return await disk.store.blobs.get(packKey(frame.pack), frame);
  }

  async function expectDamage(offset: number): Promise<void> {
    await expect(readBack(stored, disk.length, compute)).rejects.toMatchObject({ code: 'image-damaged', offset });
    expect(await damages(stored)).toEqual([offset]);
    const south = createTestRegion('south');
    await expect(copy(stored, south)).rejects.toMatchObject({ code: 'image-damaged', offset });
    // R1: no pack has the frame either.
    expect(frameCount(south)).toBe(south.index.chunkCount());
    expect(south.index.chunkCount()).toBeLessThan(disk.length / maxChunk);
  }

  it('when it is that of another of its chunks', async () => {
    await expectDamage(await replace(MiB + 5, await frameAt(stored, 5)));
  });

  it('when it is of an older version, in the same place, of the same data key', async () => {
    const before = await store(createTestRegion('east'), older, sealedKeys(1));
    await expectDamage(await replace(MiB + 5, await frameAt(before.stored, MiB + 5)));
  });

  it('when it is of the same bytes in another image', async () => {
    const other = await store(createTestRegion('east'), disk, sealedKeys(2));
    await expectDamage(await replace(MiB + 5, await frameAt(other.stored, MiB + 5)));
  });

  it('when it is a plain one of the same bytes', async () => {
    const other = await store(createTestRegion('east'), disk, { ...stored.keys, sealing: null });
    const plain = await frameAt(other.stored, MiB + 5);
    const frame = Buffer.concat([plain, Buffer.alloc(28)]);
    expect(readFrame(plain, maxChunk).length).toBe(maxChunk);
    await expectDamage(await replace(MiB + 5, frame));
  });

  it('when any of its bits is another', async () => {
    const { frame, offset } = await chunkAt(stored, MiB + 5);
    for (const at of [0, 4, 8, 12, 16, 27, 28, 9000, frame.length - 17, frame.length - 1]) {
      north.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + at);
      await expect(readBack(stored, disk.length, compute), `byte ${at}`).rejects.toMatchObject({ offset });
    }
  });

  it('and is given, or copied, from another region that has the disk under the same data key', async () => {
    const east = createTestRegion('east');
    await copy(stored, east);
    const { frame } = await chunkAt(stored, MiB + 5);
    north.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + 5000);
    expect(Buffer.compare(await readBack(stored, disk.length, compute, [east]), disk)).toBe(0);
    const { stored: copied } = await copy(stored, createTestRegion('west'), [east]);
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);

    const other = createTestRegion('other');
    await store(other, disk, sealedKeys(2));
    await expect(readBack(stored, disk.length, compute, [other])).rejects.toThrow(DamageError);
  });

  it('like its manifest, when that is of an older version, or of another data key though the database names its root', async () => {
    const before = await store(north, older, sealedKeys(1));
    const other = await store(north, disk, sealedKeys(2));
    for (const [{ manifestId }, root] of [
      [before.stored, stored.root],
      [other.stored, stored.root],
      [other.stored, other.stored.root],
    ] as const) {
      const reading = readBack({ ...stored, manifestId, root }, disk.length, compute);
      await expect(reading).rejects.toMatchObject({ code: 'image-damaged', offset: 0 });
    }
  });
});

describe('a copy under the same data key', () => {
  const disk = newDisk(121, 3 * MiB);
  const north = createTestRegion('north');
  let stored: StoredDisk;
  beforeAll(async () => {
    ({ stored } = await store(north, disk, sealedKeys(1)));
  });

  it('has the frames of its source as they are, and its manifest', async () => {
    const south = createTestRegion('south');
    const { stored: copied } = await copy(stored, south);
    expect(Buffer.compare(await readBack(copied, disk.length, compute), disk)).toBe(0);
    const manifests = [stored, copied].map(({ store, manifestId }) => store.blobs.get(manifestKey(manifestId)));
    const [from, to] = await Promise.all(manifests);
    expect(Buffer.compare(from as Uint8Array, to as Uint8Array)).toBe(0);
    for (const { offset } of await chunksOf(stored)) {
      const [there, here] = await Promise.all([chunkAt(stored, offset), chunkAt(copied, offset)]);
      const [one, two] = await Promise.all([
        north.blobs.get(packKey(there.frame.pack), there.frame),
        south.blobs.get(packKey(here.frame.pack), here.frame),
      ]);
      expect(Buffer.compare(one, two)).toBe(0);
    }
  });

  it('moves what was counted, and nothing the second time', async () => {
    const south = createTestRegion('south');
    const counted = await countMissing(stored, south.index, neverAborted());
    expect((await copy(stored, south)).moved).toBe(counted);
    expect(counted).toBeGreaterThan(MiB);
    expect(await countMissing(stored, south.index, neverAborted())).toBe(0);
    expect((await copy(stored, south)).moved).toBe(0);
  });
});
