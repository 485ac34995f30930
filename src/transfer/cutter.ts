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

export type Cutter = (bytes: Uint8Array, start: number, end: number) => number;

/** A function that gives the end of the chunk that begins at `start` in a run of data that ends at `end`. */
export function createCutter(cut: Pick<CutParameters, 'minChunk' | 'meanChunk' | 'maxChunk'>): Cutter {
  const bits = Math.log2(cut.meanChunk);
  const hardMask = upperBits(bits + 2);
  const easyMask = upperBits(bits - 2);
  return (bytes, start, end) => {
    if (end - start <= cut.minChunk) return end;
    const last = Math.min(end, start + cut.maxChunk);
    const mean = Math.min(last, start + cut.meanChunk);
    let fingerprint = 0;
    let at = start + cut.minChunk;
    for (; at < mean; at++) {
      fingerprint = ((fingerprint << 1) + (gear[bytes[at] as number] as number)) | 0;
      if ((fingerprint & hardMask) === 0) return at + 1;
    }
    for (; at < last; at++) {
      fingerprint = ((fingerprint << 1) + (gear[bytes[at] as number] as number)) | 0;
      if ((fingerprint & easyMask) === 0) return at + 1;
    }
    return last;
  };
}
