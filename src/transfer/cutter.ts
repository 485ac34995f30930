/**
 * Content-defined cutting with a gear hash and FastCDC's normalisation: a harder mask before the mean length, an easier
 * one after it, so that lengths gather around the mean. What is cut depends on the bytes alone.
 */
import { hash } from '../store/hash.ts';
import type { CutParameters } from '../store/manifest-format.ts';

/** One random word for each byte value; part of the format, since other words would cut elsewhere (docs/formats.md). */
const gear = Int32Array.from({ length: 256 }, (_, value) => {
  const digest = hash(Uint8Array.from([...Buffer.from('mimeo gear 1'), value]));
  return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getInt32(0, true);
});

/** The hash looks at the last 32 bytes; its upper bits have seen them all, so the masks are made of those. */
function upperBits(count: number): number {
  return count === 0 ? 0 : (-1 << (32 - count)) | 0;
}

/** What the hash looks back on: a byte is shifted out of its 32 bits after as many steps. */
const windowBytes = 32;

export type Cutter = (bytes: Uint8Array, start: number, end: number) => number;

/** A function that gives the end of the chunk that begins at `start` in a run of data that ends at `end`. */
export function createCutter(cut: Pick<CutParameters, 'minChunk' | 'meanChunk' | 'maxChunk'>): Cutter {
  const bits = Math.log2(cut.meanChunk);
  const hardMask = upperBits(bits + 2);
  const easyMask = upperBits(bits - 2);
  return (bytes, start, end) => {
    if (end - start <= cut.minChunk) return end;
    const first = start + cut.minChunk;
    const last = Math.min(end, start + cut.maxChunk);
    const mean = Math.min(last, start + cut.meanChunk);
    return (
      findCut(bytes, first, first, mean, hardMask) ??
      findCut(bytes, Math.max(first, mean - windowBytes), mean, last, easyMask) ??
      last
    );
  };
}

function roll(hash: number, byte: number): number {
  return ((hash << 1) + (gear[byte] as number)) | 0;
}

/**
 * The first place after `from` and up to `to` where the hash, begun with the byte at `begin`, has none of the mask's bits.
 * Four bytes a round: with one, the loop's own bookkeeping takes as long as the hash (half the speed, measured).
 */
function findCut(bytes: Uint8Array, begin: number, from: number, to: number, mask: number): number | undefined {
  let hash = 0;
  let at = begin;
  for (; at < from; at++) hash = roll(hash, bytes[at] as number);
  for (; at < to - 3; at += 4) {
    hash = roll(hash, bytes[at] as number);
    if ((hash & mask) === 0) return at + 1;
    hash = roll(hash, bytes[at + 1] as number);
    if ((hash & mask) === 0) return at + 2;
    hash = roll(hash, bytes[at + 2] as number);
    if ((hash & mask) === 0) return at + 3;
    hash = roll(hash, bytes[at + 3] as number);
    if ((hash & mask) === 0) return at + 4;
  }
  for (; at < to; at++) {
    hash = roll(hash, bytes[at] as number);
    if ((hash & mask) === 0) return at + 1;
  }
  return undefined;
}
