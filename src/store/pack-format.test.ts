import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import type { PackEntry } from './chunk-index.ts';
import { maxFrameBytes, readFrame, writeFrame } from './frame-format.ts';
import { hash } from './hash.ts';
import {
  PackError,
  packEntryBytes,
  packFooterBytes,
  packHeaderBytes,
  readPackEntries,
  readPackIndex,
  writePackEntry,
  writePackHeader,
  writePackTrailer,
} from './pack-format.ts';

/** A pack of these chunks with a plain hash for an id, in a buffer that is dirty and too large, as a used one is. */
function packed(chunks: readonly Uint8Array[], salt?: Uint8Array): { pack: Uint8Array; entries: PackEntry[] } {
  const frames = chunks.reduce((sum, chunk) => sum + maxFrameBytes(chunk.length), 0);
  const size = packHeaderBytes + frames + chunks.length * packEntryBytes + packFooterBytes;
  const target = new Uint8Array(size + 100).fill(0xee);
  writePackHeader(target, salt);
  const entries: PackEntry[] = [];
  let used = packHeaderBytes;
  for (const chunk of chunks) {
    const length = writeFrame(chunk, target, used);
    entries.push({ id: hash(chunk), offset: used, length });
    used += length;
  }
  const index = indexOf(entries);
  return { pack: target.slice(0, writePackTrailer(target, used, index)), entries };
}

function indexOf(entries: readonly PackEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * packEntryBytes).fill(0xee);
  for (const [number, entry] of entries.entries()) writePackEntry(entry, bytes, number * packEntryBytes);
  return bytes;
}

const chunkLists = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 });

describe('a pack', () => {
  it('gives back where its frames lie, and its frames', () => {
    fc.assert(
      fc.property(chunkLists, (chunks) => {
        const { pack, entries } = packed(chunks);
        const read = readPackIndex(pack);
        expect(read.map(({ id, offset, length }) => ({ id: toHex(id), offset, length }))).toEqual(
          entries.map(({ id, offset, length }) => ({ id: toHex(id), offset, length })),
        );
        for (const [number, { offset, length }] of read.entries()) {
          const chunk = readFrame(pack.subarray(offset, offset + length), 300);
          expect(Buffer.compare(chunk, chunks[number] as Uint8Array)).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is another each time that it is written, unless the salt is given', () => {
    const chunks = [Buffer.from('the same')];
    expect(toHex(packed(chunks).pack)).not.toBe(toHex(packed(chunks).pack));
    const salt = Buffer.alloc(16, 9);
    expect(toHex(packed(chunks, salt).pack)).toBe(toHex(packed(chunks, salt).pack));
  });

  it('has entries that reach beyond 4 GiB', () => {
    const entries = [{ id: hash(Buffer.from('far')), offset: 2 ** 40 + 5, length: 2 ** 32 - 1 }];
    const [read] = readPackEntries(indexOf(entries));
    expect(read).toMatchObject({ offset: 2 ** 40 + 5, length: 2 ** 32 - 1 });
  });
});

describe('a pack is refused', () => {
  const chunks = ['one', 'two', 'three'].map((word) => Buffer.from(word.repeat(20)));
  const { pack, entries } = packed(chunks);
  const footer = pack.length - packFooterBytes;
  const framesEnd = footer - entries.length * packEntryBytes;

  it('after any flip in its index, and in all of header and footer that means something', () => {
    const meaning = [...range(0, 8), ...range(framesEnd, footer + 20), ...range(footer + 24, footer + 56)];
    for (const at of meaning) {
      for (const bit of [0, 3, 7]) {
        const damaged = pack.slice();
        damaged[at] = (pack[at] as number) ^ (1 << bit);
        expect(() => readPackIndex(damaged), `byte ${at}`).toThrow(PackError);
      }
    }
  });

  it('when it was cut anywhere, or has grown', () => {
    for (let length = 0; length < pack.length; length++) {
      expect(() => readPackIndex(pack.subarray(0, length)), `${length} bytes`).toThrow(PackError);
      expect(() => readPackIndex(pack.subarray(pack.length - length)), `last ${length} bytes`).toThrow(PackError);
    }
    expect(() => readPackIndex(Buffer.concat([pack, Buffer.alloc(1)]))).toThrow(PackError);
  });

  it.each([
    ['before the frames', { offset: packHeaderBytes - 1, length: 10 }],
    ['behind the frames', { offset: framesEnd - 5, length: 6 }],
    ['at the other end of the world', { offset: 2 ** 60, length: 1 }],
  ])('when its index points %s', (_, place) => {
    const target = new Uint8Array(pack.length);
    target.set(pack);
    const forged = indexOf([...entries.slice(1), { id: hash(Buffer.from('x')), ...place }]);
    expect(writePackTrailer(target, framesEnd, forged)).toBe(pack.length);
    expect(() => readPackIndex(target)).toThrow('points outside');
  });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
