import { hash } from '../store/hash.ts';
import type { DiskStream } from './segments.ts';

/** The same bytes for the same seed, in any language (docs/formats.md, "Test vectors"): xorshift32, words little-endian. */
export function pseudoRandom(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  const view = new DataView(bytes.buffer);
  let word = seed;
  for (let at = 0; at < length; at += 4) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    view.setUint32(at, word >>> 0, true);
  }
  return bytes.slice(0, length);
}

/** Numbers from 0 to `below`, the same ones for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let given = 0;
  const words = new Uint32Array(pseudoRandom(seed, 4 * 4096).buffer);
  return (below) => (words[given++ % words.length] as number) % below;
}

/** A disk of spans of noise, some of it repeated, of what compresses, and of zeros; each of a byte to 100 KiB. */
export function newDisk(seed: number, size: number): Uint8Array<ArrayBuffer> {
  const disk = new Uint8Array(size);
  const next = numbers(seed);
  const noise = pseudoRandom(seed + 1, Math.max(size, 128 * 1024));
  for (let at = 0; at < size; ) {
    const kind = next(4);
    const length = Math.min(size - at, 1 + next(kind === 3 ? 3000 : 100 * 1024));
    const from = next(128 * 1024 - length);
    if (kind === 0) disk.set(noise.subarray(at, at + length), at);
    if (kind === 1) disk.set(noise.subarray(from, from + length), at);
    if (kind === 2) for (let index = 0; index < length; index++) disk[at + index] = 97 + ((from + index) % 11);
    at += length;
  }
  return disk;
}

/** The disk as a stream of runs that end at each of `cuts`; the runs for which `skip` holds are left out. */
export function streamOf(
  disk: Uint8Array,
  cuts: readonly number[] = [],
  skip: (run: Uint8Array) => boolean = () => false,
): DiskStream {
  async function* runs() {
    let offset = 0;
    for (const cut of [...cuts, disk.length].sort((a, b) => a - b)) {
      const bytes = disk.subarray(offset, cut);
      if (bytes.length > 0 && !skip(bytes)) yield { offset, bytes };
      offset = Math.max(offset, cut);
    }
  }
  return { size: disk.length, runs: runs() };
}

export function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The disk digest as docs/formats.md tells it, over all the bytes. */
export function plainDiskDigest(disk: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [
    Buffer.from('mimeo disk 1'),
    new Uint8Array(new BigUint64Array([BigInt(disk.length)]).buffer),
  ];
  for (let at = 0; at < disk.length; at += 1_048_576) parts.push(hash(disk.subarray(at, at + 1_048_576)));
  return hash(Buffer.concat(parts));
}
