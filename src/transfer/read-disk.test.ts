import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { DamageError } from '../domain/failure.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import { writeFrame } from '../store/frame-format.ts';
import type { RegionStore } from '../store/region-store.ts';
import { createComputePool } from './compute/pool.ts';
import { readDisk } from './read-disk.ts';
import type { StoredDisk } from './stored-disk.ts';
import { newDisk, pseudoRandom } from './test-disk.test-support.ts';
import {
  chunkAt,
  createTestRegion,
  flipping,
  ingest,
  neverAborted,
  readBack,
  smallSettings,
  type TestRegion,
} from './test-region.test-support.ts';
import { verifyDisk } from './verify-disk.ts';

const MiB = 1024 * 1024;
const compute = createComputePool(2);
afterAll(() => compute.close());

/** Data from 0 to 1 MiB, a hole to 2 MiB, data to the end, in which one chunk comes twice. */
const disk = new Uint8Array(4 * MiB + 777);
disk.set(pseudoRandom(81, MiB), 0);
disk.set(pseudoRandom(82, 2 * MiB + 777), 2 * MiB);
disk.set(disk.subarray(0, 200_000), 3 * MiB);

let north: TestRegion;
let stored: StoredDisk;

beforeEach(async () => {
  north = createTestRegion('north');
  ({ stored } = await ingest(north, disk, compute));
});

/** Reads until the end or an error; what was handed out must be right, and all of it before the damage. */
async function readUntilDamage(alternates: readonly RegionStore[] = []): Promise<unknown> {
  const bytes = new Uint8Array(disk.length);
  let end = 0;
  try {
    for await (const run of readDisk({
      disk: stored,
      alternates,
      compute,
      settings: smallSettings,
      signal: neverAborted(),
    })) {
      expect(run.offset).toBeGreaterThanOrEqual(end);
      end = run.offset + run.bytes.length;
      bytes.set(run.bytes, run.offset);
    }
  } catch (error) {
    const known = error instanceof DamageError ? error.offset : end;
    expect(Buffer.compare(bytes.subarray(0, known), disk.subarray(0, known))).toBe(0);
    expect(bytes.subarray(known).every((byte) => byte === 0)).toBe(true);
    return error;
  }
  expect(Buffer.compare(bytes, disk)).toBe(0);
  return undefined;
}

async function damages(): Promise<number[]> {
  const offsets: number[] = [];
  for await (const error of verifyDisk({ disk: stored, compute, settings: smallSettings, signal: neverAborted() })) {
    expect(error).toBeInstanceOf(DamageError);
    expect(error.message).toContain('image golden, disk 0, offset');
    offsets.push(error.offset);
  }
  return offsets;
}

describe('the memory of what was read', () => {
  const bytesKept = async (givesBack: boolean) => {
    const options = { disk: stored, alternates: [], compute, settings: smallSettings, signal: neverAborted() };
    const runs: Uint8Array[] = [];
    for await (const { bytes } of readDisk({ ...options, givesBack })) runs.push(bytes);
    return runs.reduce((sum, { length }) => sum + length, 0);
  };

  it('is given back when the next is asked for, if that is wanted', async () => {
    // What was fetched in small pieces is left to V8.
    expect(await bytesKept(true)).toBeLessThan(MiB / 4);
    expect(await bytesKept(false)).toBe(3 * MiB + 777);
  });
});

describe('a damaged chunk (R1)', () => {
  it('ends the read where it begins', async () => {
    const { offset, frame } = await chunkAt(stored, 2_600_000);
    for (const at of [0, 4, 8, 12, 16, frame.length - 1]) {
      north.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + at);
      expect(await readUntilDamage()).toMatchObject({ name: 'DamageError', code: 'image-damaged', offset });
    }
  });

  it('is given from another region that has it', async () => {
    const { frame } = await chunkAt(stored, 2_600_000);
    north.hooks.afterGet = flipping(packKey(frame.pack), frame.offset + 20);
    const [south, east] = [createTestRegion('south'), createTestRegion('east')];
    await ingest(east, disk, compute);
    expect(await readUntilDamage([south, east])).toBeUndefined();
  });

  it('is damaged when the other region has it damaged as well', async () => {
    const south = createTestRegion('south');
    const { stored: other } = await ingest(south, disk, compute);
    const [here, there] = [await chunkAt(stored, 2_600_000), await chunkAt(other, 2_600_000)];
    north.hooks.afterGet = flipping(packKey(here.frame.pack), here.frame.offset + 20);
    south.hooks.afterGet = flipping(packKey(there.frame.pack), there.frame.offset + 30);
    expect(await readUntilDamage([south])).toMatchObject({ offset: here.offset });
  });

  it('is read once more, and given if it is sound then', async () => {
    const { frame } = await chunkAt(stored, 2_600_000);
    const flip = flipping(packKey(frame.pack), frame.offset + 20);
    let reads = 0;
    north.hooks.afterGet = (key, range, bytes) => {
      const holds =
        key === packKey(frame.pack) &&
        range.offset <= frame.offset + 20 &&
        range.offset + range.length > frame.offset + 20;
      if (holds && ++reads === 1) flip(key, range, bytes);
    };
    expect(await readUntilDamage()).toBeUndefined();
    expect(reads).toBe(2);
  });

  it('is one that is sound in itself, and even as long, but another than its id says', async () => {
    const { offset, length, frame } = await chunkAt(stored, 100_000);
    const forged = new Uint8Array(frame.length);
    expect(writeFrame(pseudoRandom(84, length), forged, 0)).toBe(frame.length);
    north.hooks.afterGet = (key, range, bytes) => {
      const at = frame.offset - range.offset;
      if (key === packKey(frame.pack) && at >= 0 && at + frame.length <= bytes.length) bytes.set(forged, at);
    };
    expect(await readUntilDamage()).toMatchObject({ offset });
  });

  it('is one that the index does not know', async () => {
    const { id, offset } = await chunkAt(stored, 600_000);
    const { locate } = north.index;
    north.index.locate = async (ids) => await locate(ids.filter((asked) => Buffer.compare(asked, id) !== 0));
    expect(await readUntilDamage()).toMatchObject({ offset });
  });

  it('is every chunk of a pack that is gone, or was cut short', async () => {
    const { frame } = await chunkAt(stored, 2_600_000);
    const lost = (await north.blobs.get(packKey(frame.pack))).slice();
    const lostChunks = await chunksIn(frame.pack);
    await north.blobs.remove(packKey(frame.pack));
    expect(await readUntilDamage()).toMatchObject({ offset: lostChunks[0] });
    expect(await damages()).toEqual(lostChunks);

    await north.blobs.put(packKey(frame.pack), lost.subarray(0, frame.offset + 10));
    const behind = (await damages()).length;
    expect(behind).toBeGreaterThan(0);
    expect(behind).toBeLessThan(lostChunks.length);

    const south = createTestRegion('south');
    await ingest(south, disk, compute);
    expect(await readUntilDamage([south])).toBeUndefined();
  });
});

describe('a damaged manifest (R1)', () => {
  it('gives nothing at all', async () => {
    for (const at of [3, 20, 70, 200, 4000]) {
      north.hooks.afterGet = flipping(manifestKey(stored.manifestId), at);
      expect(await readUntilDamage()).toMatchObject({ name: 'DamageError', code: 'image-damaged', offset: 0 });
    }
  });

  it('is one that is missing', async () => {
    await north.blobs.remove(manifestKey(stored.manifestId));
    const error = await readUntilDamage();
    expect(error).toMatchObject({ name: 'DamageError', offset: 0 });
    expect((error as Error).message).toContain('its manifest is damaged');
  });

  it('is one of another disk, though it is sound', async () => {
    const { stored: other } = await ingest(north, newDisk(83, MiB), compute);
    stored = { ...stored, manifestId: other.manifestId };
    expect(await readUntilDamage()).toMatchObject({ name: 'DamageError', offset: 0 });
  });

  it('is read once more, and used if it is sound then', async () => {
    let reads = 0;
    north.hooks.afterGet = (key, range, bytes) => {
      if (key === manifestKey(stored.manifestId) && ++reads === 2) flipping(key, 100)(key, range, bytes);
    };
    expect(await readUntilDamage()).toBeUndefined();
    expect(reads).toBe(4);
  });
});

describe('verifying', () => {
  it('finds nothing wrong with a sound disk', async () => {
    expect(await damages()).toEqual([]);
  });

  it('lists every damaged place, also the second one of a chunk that comes twice', async () => {
    const [twice, once] = [await chunkAt(stored, 100_000), await chunkAt(stored, 2_600_000)];
    const flips = [twice, once].map(({ frame }) => flipping(packKey(frame.pack), frame.offset + 20));
    north.hooks.afterGet = (...read) => {
      for (const flip of flips) flip(...read);
    };
    expect(await damages()).toEqual([twice.offset, once.offset, 3 * MiB + twice.offset]);
  });

  it('asks no other region, and reports a damaged manifest like any damage', async () => {
    north.hooks.afterGet = flipping(manifestKey(stored.manifestId), 100);
    expect(await damages()).toEqual([0]);
  });
});

describe('a range', () => {
  const range = fc.tuple(fc.nat(disk.length), fc.nat(disk.length)).map(([a, b]) => ({
    start: Math.min(a, b),
    end: Math.max(a, b),
  }));
  const read = async ({ start, end }: { start: number; end: number }) => {
    const bytes = new Uint8Array(end - start);
    const options = { disk: stored, alternates: [], compute, settings: smallSettings, signal: neverAborted() };
    let reached = start;
    for await (const run of readDisk(options, { start, end })) {
      expect(run.offset).toBeGreaterThanOrEqual(reached);
      reached = run.offset + run.bytes.length;
      expect(reached).toBeLessThanOrEqual(end);
      bytes.set(run.bytes, run.offset - start);
    }
    return bytes;
  };

  it('gives its bytes and no others', async () => {
    await fc.assert(
      fc.asyncProperty(range, async ({ start, end }) => {
        expect(Buffer.compare(await read({ start, end }), disk.subarray(start, end))).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('costs the chunks that it touches, wherever it lies', async () => {
    let bytes = 0;
    north.hooks.beforeGet = (key, { length }) => {
      if (key.startsWith('packs/')) bytes += length;
    };
    await read({ start: disk.length - 100, end: disk.length });
    await read({ start: 2_600_000, end: 2_600_001 });
    await read({ start: MiB + 5, end: 2 * MiB - 5 });
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(3 * smallSettings.cut.maxChunk);
  });
});

describe('a read', () => {
  it('that fails because of the medium says so, and not that the image is damaged', async () => {
    const denied = new BlobError('denied', 'packs/00/x');
    north.hooks.beforeGet = (key) => {
      if (key.startsWith('packs/')) throw denied;
    };
    expect(await readUntilDamage()).toBe(denied);
  });

  it('is tried again when the medium says that this may help', async () => {
    let reads = 0;
    north.hooks.beforeGet = (key) => {
      if (key.startsWith('packs/') && ++reads === 1) throw new BlobError('retryable', key);
    };
    expect(await readUntilDamage()).toBeUndefined();
  });

  it('fetches what lies together at once, and never more than it may', async () => {
    const lengths: number[] = [];
    north.hooks.beforeGet = (key, { length }) => {
      if (key.startsWith('packs/')) lengths.push(length);
    };
    await readBack(stored, disk.length, compute);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(smallSettings.readBytes);
    expect(lengths.length).toBeLessThan(north.index.chunkCount() / 5);
  });

  it('ends with its signal, also in the middle', async () => {
    const abort = new AbortController();
    const reason = new Error('the client went away');
    const reading = async () => {
      for await (const { offset } of readDisk({
        disk: stored,
        alternates: [],
        compute,
        settings: smallSettings,
        signal: abort.signal,
      })) {
        if (offset > 100_000) abort.abort(reason);
      }
    };
    await expect(reading()).rejects.toBe(reason);
  });

  it('that nobody wants to the end leaves nothing running', async () => {
    let reads = 0;
    north.hooks.beforeGet = () => {
      reads += 1;
    };
    const options = { disk: stored, alternates: [], compute, settings: smallSettings, signal: neverAborted() };
    for await (const { offset } of readDisk(options)) if (offset > 0) break;
    const until = reads;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reads).toBe(until);
  });
});

/** Offsets on the disk of all chunks that lie in a pack, in order. */
async function chunksIn(pack: string): Promise<number[]> {
  const offsets: number[] = [];
  for (let place = 0; place < disk.length; ) {
    const chunk = place === MiB ? undefined : await chunkAt(stored, place);
    if (chunk?.frame.pack === pack) offsets.push(chunk.offset);
    place = chunk === undefined ? 2 * MiB : chunk.offset + chunk.length;
  }
  return offsets;
}
