import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { hash } from '../store/hash.ts';
import type { ManifestEntry } from '../store/manifest-format.ts';
import type { ManifestReader } from '../store/manifest-reader.ts';
import { type Batch, batches, chunkIds } from './batches.ts';

/** A manifest that lies in memory, in pages of seven. */
function manifestOf(entries: readonly ManifestEntry[]): ManifestReader {
  const digest = new Uint8Array(32);
  return {
    cut: { minChunk: 1, meanChunk: 4, maxChunk: 16, segment: 64 },
    summary: { size: 0, entries: entries.length, dataBytes: 0, digest, root: digest },
    async *pages() {
      for (let at = 0; at < entries.length; at += 7) yield entries.slice(at, at + 7);
    },
  };
}

async function batchesOf(entries: readonly ManifestEntry[], batchBytes: number): Promise<Batch[]> {
  const result: Batch[] = [];
  for await (const batch of batches(manifestOf(entries), batchBytes, new AbortController().signal)) result.push(batch);
  return result;
}

const entry = fc.record({
  length: fc.integer({ min: 1, max: 100 }),
  id: fc.option(fc.nat(20).map((number) => hash(Uint8Array.of(number)))),
});

describe('batches', () => {
  it('have all entries in order, each with its place, and no more data than they may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 60 }), fc.integer({ min: 1, max: 400 }), async (entries, most) => {
        const made = await batchesOf(entries, most);
        let offset = 0;
        const expected = entries.map(({ length, id }) => {
          offset += length;
          return { offset: offset - length, length, id: id === null ? null : toHex(id) };
        });
        expect(made.flatMap((batch) => batch.entries)).toEqual(expected);
        expect(made.reduce((sum, { length }) => sum + length, 0)).toBe(offset);
        for (const batch of made) {
          const chunks = batch.entries.filter(({ id }) => id !== null);
          const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
          expect(bytes <= most || chunks.length === 1).toBe(true);
          expect(new Set(chunkIds(batch))).toEqual(new Set(chunks.map(({ id }) => id)));
          expect(chunkIds(batch).length).toBe(new Set(chunkIds(batch)).size);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are bounded also where chunks are tiny or there is nothing but zeros', async () => {
    const entries = Array.from({ length: 10_000 }, (_, number) => ({
      length: 1,
      id: number % 2 ? null : hash(Buffer.from('x')),
    }));
    expect((await batchesOf(entries, 1_000_000)).map((batch) => batch.entries.length)).toEqual([4096, 4096, 1808]);
  });
});
