/**
 * The disk digest (docs/formats.md): the hash of the hashes of the disk's 1 MiB blocks. Blocks can be hashed in any order
 * and on any thread, and a block of zeros costs nothing, which a plain hash of a sparse 2 TiB disk could not offer.
 */
import { createHasher, type Hasher, hash, hashBytes } from '../store/hash.ts';
import type { Run } from './data-runs.ts';

const digestBlockBytes = 1024 * 1024;

const zeros = new Uint8Array(digestBlockBytes);
const zeroBlockDigest = hash(zeros);
/** 4096 digests of zero blocks in a row: 4 GiB of a hole in one update. */
const manyZeroDigests = new Uint8Array(4096 * hashBytes);
for (let at = 0; at < manyZeroDigests.length; at += hashBytes) manyZeroDigests.set(zeroBlockDigest, at);

/** The digests, one after the other, of the blocks of a segment whose data is in `runs` and whose rest is zeros. */
export function digestBlocks(segment: Uint8Array, length: number, runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  const digests = new Uint8Array(Math.ceil(length / digestBlockBytes) * hashBytes);
  let next = 0;
  for (let start = 0; start < length; start += digestBlockBytes) {
    const end = Math.min(start + digestBlockBytes, length);
    while (next < runs.length && (runs[next] as Run).end <= start) next += 1;
    digests.set(digestBlock(segment, start, end, runs, next), (start / digestBlockBytes) * hashBytes);
  }
  return digests;
}

function digestBlock(segment: Uint8Array, start: number, end: number, runs: readonly Run[], first: number): Uint8Array {
  let at = start;
  let hasher: Hasher | undefined;
  for (let next = first; next < runs.length && (runs[next] as Run).start < end; next++) {
    const run = runs[next] as Run;
    const from = Math.max(run.start, start);
    const to = Math.min(run.end, end);
    hasher ??= createHasher();
    hasher.update(zeros.subarray(0, from - at));
    hasher.update(segment.subarray(from, to));
    at = to;
  }
  if (hasher === undefined) return digestOfZeros(end - start);
  hasher.update(zeros.subarray(0, end - at));
  return hasher.digest();
}

function digestOfZeros(length: number): Uint8Array {
  return length === digestBlockBytes ? zeroBlockDigest : hash(zeros.subarray(0, length));
}

export interface DiskDigest {
  /** Block digests of the next segment. */
  add(digests: Uint8Array): void;
  /** A next stretch of zeros, whole blocks except at the disk's end. */
  addZeros(length: number): void;
  /** The digest of a disk of `size` bytes, once every block was given. */
  finish(): Uint8Array;
}

export function createDiskDigest(size: number): DiskDigest {
  const hasher = createHasher();
  const prefix = Buffer.alloc(20);
  prefix.write('mimeo disk 1');
  prefix.writeBigUInt64LE(BigInt(size), 12);
  hasher.update(prefix);
  return {
    add: (digests) => hasher.update(digests),
    addZeros(length) {
      let left = Math.floor(length / digestBlockBytes) * hashBytes;
      for (; left > 0; left -= manyZeroDigests.length) {
        hasher.update(manyZeroDigests.subarray(0, Math.min(left, manyZeroDigests.length)));
      }
      const tail = length % digestBlockBytes;
      if (tail > 0) hasher.update(digestOfZeros(tail));
    },
    finish: () => hasher.digest(),
  };
}
