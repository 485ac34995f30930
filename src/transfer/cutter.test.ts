import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { hash } from '../store/hash.ts';
import { createCutter } from './cutter.ts';
import { newDisk, pseudoRandom } from './test-disk.test-support.ts';

const small = { minChunk: 1024, meanChunk: 4096, maxChunk: 16_384 };

/** Ends of the chunks of `bytes` from `start` on. */
function cutAll(bytes: Uint8Array, cut = small, start = 0, end = bytes.length): number[] {
  const cutAt = createCutter(cut);
  const ends: number[] = [];
  for (let at = start; at < end; ) {
    at = cutAt(bytes, at, end);
    ends.push(at);
  }
  return ends;
}

function lengthsOf(ends: readonly number[], start = 0): number[] {
  return ends.map((end, number) => end - (ends[number - 1] ?? start));
}

function chunkIds(bytes: Uint8Array): string[] {
  const ends = cutAll(bytes);
  return ends.map((end, number) => toHex(hash(bytes.subarray(ends[number - 1] ?? 0, end))));
}

const runs = fc
  .record({ seed: fc.integer({ min: 1, max: 2 ** 31 }), length: fc.integer({ min: 1, max: 150_000 }) })
  .map(({ seed, length }) => newDisk(seed, length));

describe('cutting', () => {
  it('covers the run with chunks of allowed lengths; only the last may be shorter', () => {
    fc.assert(
      fc.property(runs, (bytes) => {
        const lengths = lengthsOf(cutAll(bytes));
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
        for (const length of lengths) expect(length).toBeLessThanOrEqual(small.maxChunk);
        for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThan(small.minChunk);
        expect(lengths.at(-1)).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('depends on the bytes alone, not on where they lie nor on what lies around them', () => {
    fc.assert(
      fc.property(runs, fc.nat(5000), fc.nat(5000), fc.nat(255), (bytes, before, after, around) => {
        const memory = new Uint8Array(before + bytes.length + after).fill(around);
        memory.set(bytes, before);
        const ends = cutAll(memory, small, before, before + bytes.length);
        expect(lengthsOf(ends, before)).toEqual(lengthsOf(cutAll(bytes)));
      }),
      { numRuns: 40 },
    );
  });

  it('finds its way back after an insertion, a removal or a change', () => {
    const seeds = fc.integer({ min: 1, max: 2 ** 31 });
    fc.assert(
      fc.property(seeds, fc.nat(1_000_000), fc.nat(300), fc.nat(300), (seed, at, removed, added) => {
        const bytes = pseudoRandom(seed, 1024 * 1024);
        const changed = Buffer.concat([bytes.subarray(0, at), pseudoRandom(7, added), bytes.subarray(at + removed)]);
        const before = chunkIds(bytes);
        const after = new Set(chunkIds(changed));
        // About 250 chunks of which a change touches one, and then a few until a boundary is met again.
        expect(before.filter((id) => !after.has(id)).length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 15 },
    );
  });

  it('aims at the mean', () => {
    for (const cut of [small, { minChunk: 16_384, meanChunk: 65_536, maxChunk: 262_144 }]) {
      const bytes = pseudoRandom(5, cut.meanChunk * 200);
      const mean = bytes.length / cutAll(bytes, cut).length;
      expect(mean).toBeGreaterThan(cut.meanChunk * 0.8);
      expect(mean).toBeLessThan(cut.meanChunk * 1.4);
    }
  });

  it('looks at the last 32 bytes only', () => {
    const bytes = pseudoRandom(11, 100_000);
    const [first = 0] = cutAll(bytes);
    expect(first).toBeLessThan(small.maxChunk);
    const changed = bytes.slice();
    changed.fill(0x55, 0, first - 32);
    // The new bytes may bring a boundary of their own; if not, the old one is found again.
    expect(cutAll(changed)).toContain(first);
  });
});
