import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { keyedHash } from '../store/hash.ts';
import { cutSegment } from './compute/cut-segment.ts';
import { createCutter } from './cutter.ts';
import { findDataRuns } from './data-runs.ts';
import { createDiskDigest, digestBlocks } from './disk-digest.ts';
import { type DiskStream, segments } from './segments.ts';
import { isZeros, newDisk, numbers, plainDiskDigest, streamOf } from './test-disk.test-support.ts';

const MiB = 1024 * 1024;
const segment = MiB;
const cut = { minChunk: 1024, meanChunk: 4096, maxChunk: 16_384, segment };
const chunkKey = Buffer.alloc(32, 7);

/** One buffer, dirtier each time it is lent: whatever of it is not written must not be seen. */
function dirtyPool() {
  const buffer = new Uint8Array(segment);
  let lent = 0;
  return { take: () => buffer.fill(0xd0 + (lent++ % 16)), give: () => {} };
}

/** Chunks ("offset length id") and digest of a disk that comes as a stream. */
async function cutStream(disk: DiskStream): Promise<{ chunks: string[]; digest: string }> {
  const digest = createDiskDigest(disk.size);
  const chunks: string[] = [];
  let offset = 0;
  for await (const part of segments(disk, segment, dirtyPool())) {
    if (part.bytes === null) {
      digest.addZeros(part.length);
    } else {
      const { length, extents } = part;
      const { bounds, ids, digests } = cutSegment({ segment: part.bytes, length, extents, chunkKey, cut });
      digest.add(digests);
      for (let number = 0; number < bounds.length / 2; number++) {
        const [start = 0, end = 0] = bounds.subarray(number * 2);
        chunks.push(`${offset + start} ${end - start} ${toHex(ids.subarray(number * 32, number * 32 + 32))}`);
      }
    }
    offset += part.length;
  }
  expect(offset).toBe(disk.size);
  return { chunks, digest: toHex(digest.finish()) };
}

/** The same by another road: over all the bytes, segment by segment and block by block, as docs/formats.md tells it. */
function cutPlainly(disk: Uint8Array): string[] {
  const cutAt = createCutter(cut);
  const chunks: string[] = [];
  for (let from = 0; from < disk.length; from += segment) {
    const to = Math.min(from + segment, disk.length);
    const data: number[] = [];
    for (let block = from; block < to; block += 4096) {
      if (!isZeros(disk.subarray(block, Math.min(block + 4096, to)))) data.push(block);
    }
    while (data.length > 0) {
      const start = data.shift() as number;
      let end = start + 4096;
      while (data[0] !== undefined && data[0] - end < 16_384) end = (data.shift() as number) + 4096;
      end = Math.min(end, to);
      for (let at = start; at < end; ) {
        const next = cutAt(disk, at, end);
        chunks.push(`${at} ${next - at} ${toHex(keyedHash(chunkKey, disk.subarray(at, next)))}`);
        at = next;
      }
    }
  }
  return chunks;
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 });
const disks = fc
  .record({ seed: seeds, size: fc.integer({ min: 1, max: 2_700_000 }), hole: fc.nat(1) })
  .map(({ seed, size, hole }) => {
    const disk = newDisk(seed, size);
    // A hole of more than a segment in every other disk.
    if (hole === 1) disk.fill(0, Math.floor(size / 5), Math.floor(size / 5) + Math.floor(1.2 * segment));
    return disk;
  });

/** Places to cut a disk into runs, some of them on the grid. */
function cutsOf(seed: number, size: number): number[] {
  const next = numbers(seed);
  return Array.from({ length: next(60) }, () => {
    const place = next(size);
    return next(2) === 0 ? place : place - (place % 4096);
  });
}

describe('a disk has one cut and one digest', () => {
  it('in whatever runs it comes, its zeros sent or left out', async () => {
    await fc.assert(
      fc.asyncProperty(disks, seeds, async (disk, seed) => {
        const expected = { chunks: cutPlainly(disk), digest: toHex(plainDiskDigest(disk)) };
        expect(await cutStream(streamOf(disk))).toEqual(expected);
        const cuts = cutsOf(seed, disk.length);
        expect(await cutStream(streamOf(disk, cuts))).toEqual(expected);
        expect(await cutStream(streamOf(disk, cuts, isZeros))).toEqual(expected);
        const everyBlock = Array.from({ length: Math.ceil(disk.length / 512) }, (_, block) => block * 512);
        expect(await cutStream(streamOf(disk, everyBlock, isZeros))).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it.each([1, 511, 4095, 4096, 4097, segment - 1, segment, segment + 1, 2 * segment, 2 * segment + 4097])(
    'when it has %i bytes',
    async (size) => {
      for (const disk of [
        newDisk(3, size).fill(0x61, 0, 1),
        new Uint8Array(size),
        new Uint8Array(size).fill(1, size - 1),
      ]) {
        const expected = { chunks: cutPlainly(disk), digest: toHex(plainDiskDigest(disk)) };
        expect(await cutStream(streamOf(disk))).toEqual(expected);
        expect(await cutStream(streamOf(disk, [size - 1], isZeros))).toEqual(expected);
      }
    },
  );

  it('when two runs are nearly a run of zeros apart', async () => {
    for (let gap = 4096; gap < 40_000; gap += 613) {
      const disk = new Uint8Array(100_000);
      disk.fill(1, 5000, 6000);
      disk.fill(2, 6000 + gap, 7000 + gap);
      const expected = { chunks: cutPlainly(disk), digest: toHex(plainDiskDigest(disk)) };
      expect(await cutStream(streamOf(disk, [5000, 6000, 6000 + gap, 7000 + gap], isZeros)), `${gap}`).toEqual(
        expected,
      );
    }
  });

  it('when it is empty', async () => {
    const empty = new Uint8Array();
    expect(await cutStream(streamOf(empty))).toEqual({ chunks: [], digest: toHex(plainDiskDigest(empty)) });
  });

  it('when runs are far beyond 4 GiB', async () => {
    const size = 2 ** 42 + 12_345;
    const offsets = [2 ** 31 - 2, 2 ** 32 - 1, 2 ** 40 + 4096, size - 3];
    async function* runs() {
      for (const offset of offsets) yield { offset, bytes: Buffer.from('abc') };
    }
    const { chunks } = await cutStream({ size, runs: runs() });
    expect(chunks.map((chunk) => Number(chunk.split(' ')[0]))).toEqual([
      2 ** 31 - 4096, // of one run: its first block …
      2 ** 31, // … and, in another segment, its second
      2 ** 32 - 4096,
      2 ** 32,
      2 ** 40 + 4096,
      2 ** 42 + 12_288,
    ]);
  });
});

describe('segments', () => {
  it.each([
    ['go back', [8192, 4096]],
    ['overlap', [0, 99]],
    ['go beyond the end', [0, 9950]],
  ])('refuse runs that %s', async (_, offsets) => {
    async function* runs() {
      for (const offset of offsets) yield { offset, bytes: new Uint8Array(100) };
    }
    const reading = async () => {
      for await (const part of segments({ size: 10_000, runs: runs() }, segment, dirtyPool()))
        expect(part).toBeDefined();
    };
    await expect(reading()).rejects.toThrow(RangeError);
  });

  it('skip runs of no bytes', async () => {
    const disk = newDisk(4, 100_000);
    async function* runs() {
      yield { offset: 0, bytes: new Uint8Array() };
      yield { offset: 0, bytes: disk };
      yield { offset: disk.length, bytes: new Uint8Array() };
    }
    expect((await cutStream({ size: disk.length, runs: runs() })).chunks).toEqual(cutPlainly(disk));
  });
});

describe('runs of data', () => {
  it('hold no long run of zero blocks, lie on the grid, and leave nothing else out', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 600_000 }), (seed, length) => {
        const bytes = newDisk(seed, length);
        const runs = findDataRuns(bytes, length, [{ start: 0, end: Math.ceil(length / 4096) * 4096 }]);
        let last = -16_384;
        for (const { start, end } of runs) {
          expect(start % 4096).toBe(0);
          expect(end % 4096 === 0 || end === length).toBe(true);
          expect(start - last).toBeGreaterThanOrEqual(16_384);
          expect(isZeros(bytes.subarray(Math.max(last, 0), start))).toBe(true);
          for (let block = start; block + 16_384 <= end; block += 4096) {
            expect(isZeros(bytes.subarray(block, block + 16_384))).toBe(false);
          }
          last = end;
        }
        expect(isZeros(bytes.subarray(Math.max(last, 0)))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('are told apart by 16 KiB of zeros, and not by less', () => {
    const bytes = new Uint8Array(12 * 4096);
    const whole = [{ start: 0, end: bytes.length }];
    bytes[0] = 1;
    bytes[4 * 4096] = 1;
    expect(findDataRuns(bytes, bytes.length, whole)).toEqual([{ start: 0, end: 5 * 4096 }]);
    bytes[4 * 4096] = 0;
    bytes[5 * 4096] = 1;
    expect(findDataRuns(bytes, bytes.length, whole)).toEqual([
      { start: 0, end: 4096 },
      { start: 5 * 4096, end: 6 * 4096 },
    ]);
  });
});

describe('the disk digest', () => {
  it('is the same over segments of many blocks, and needs only what the runs say', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 * MiB }), fc.nat(4 * MiB), (seed, size, hole) => {
        const disk = newDisk(seed, size).fill(0, hole, hole + MiB + 5000);
        const runs = findDataRuns(disk, size, [{ start: 0, end: Math.ceil(size / 4096) * 4096 }]);
        const dirty = new Uint8Array(size).fill(0xdd);
        for (const { start, end } of runs) dirty.set(disk.subarray(start, end), start);
        const digest = createDiskDigest(size);
        digest.add(digestBlocks(dirty, size, runs));
        expect(toHex(digest.finish())).toBe(toHex(plainDiskDigest(disk)));
      }),
      { numRuns: 15 },
    );
  });

  it('takes gigabytes of holes as what they are', () => {
    const size = 5 * 2 ** 30 + 17;
    const digest = createDiskDigest(size);
    digest.addZeros(2 ** 20);
    digest.addZeros(size - 2 ** 20);
    const plain = createDiskDigest(size);
    for (let left = size; left > 0; left -= 2 ** 20) plain.addZeros(Math.min(left, 2 ** 20));
    expect(toHex(digest.finish())).toBe(toHex(plain.finish()));
  });

  it('tells disks of zeros of different sizes apart', () => {
    const digests = [0, 1, 4096, 2 ** 20, 2 ** 20 + 1, 2 ** 21].map((size) =>
      toHex(plainDiskDigest(new Uint8Array(size))),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });
});
