import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { manifestKey } from './blob-keys.ts';
import { BlobError, type BlobStore } from './blob-store.ts';
import { createMemoryStore } from './drivers/memory/memory-store.ts';
import { hash } from './hash.ts';
import {
  type CutParameters,
  encodeHeader,
  encodePage,
  entriesPerPage,
  type ManifestEntry,
  ManifestError,
  type ManifestSummary,
  manifestBytes,
  manifestHeaderBytes,
  pageBytes,
} from './manifest-format.ts';
import { openManifest } from './manifest-reader.ts';
import { createManifestWriter } from './manifest-writer.ts';

const cut: CutParameters = { minChunk: 1024, meanChunk: 4096, maxChunk: 16_384, segment: 1024 * 1024 };
const digest = hash(Buffer.from('a disk'));

function chunk(number: number, length = 4096): ManifestEntry {
  return { length, id: hash(Buffer.from(`chunk ${number}`)) };
}

function zeros(length: number): ManifestEntry {
  return { length, id: null };
}

function written(entries: readonly ManifestEntry[]): { bytes: Uint8Array; pieces: number; summary: ManifestSummary } {
  const size = entries.reduce((sum, { length }) => sum + length, 0);
  const writer = createManifestWriter(size, cut);
  const pieces: Uint8Array[] = [writer.header];
  for (const entry of entries) {
    const page = writer.add(entry);
    if (page !== undefined) pieces.push(page);
  }
  const last = writer.finish(digest);
  pieces.push(...last.bytes);
  return { bytes: Uint8Array.from(Buffer.concat(pieces)), pieces: pieces.length, summary: last.summary };
}

/** A store whose `get` passes what it read through `harm`. */
async function storeWith(bytes: Uint8Array, harm?: (bytes: Uint8Array, call: number) => void) {
  const blobs = createMemoryStore();
  const id = randomUUID();
  await blobs.put(manifestKey(id), bytes);
  let calls = 0;
  const harmed: BlobStore = {
    ...blobs,
    async get(...args) {
      const read = await blobs.get(...args);
      harm?.(read, ++calls);
      return read;
    },
  };
  return { blobs: harmed, id, calls: () => calls };
}

async function readBack(bytes: Uint8Array, root: Uint8Array) {
  const { blobs, id } = await storeWith(bytes);
  const manifest = await openManifest(blobs, id, root);
  const pages: ManifestEntry[][] = [];
  for await (const page of manifest.pages()) pages.push(page);
  return { ...manifest, lengths: pages.map((page) => page.length), entries: pages.flat() };
}

function plain(entries: readonly ManifestEntry[]): string[] {
  return entries.map(({ length, id }) => `${length} ${id === null ? 'zeros' : toHex(id)}`);
}

/** What the writer makes of entries: zero runs that follow each other are one. */
function merged(entries: readonly ManifestEntry[]): ManifestEntry[] {
  const result: ManifestEntry[] = [];
  for (const entry of entries) {
    const last = result.at(-1);
    if (entry.id === null && last?.id === null) result.splice(-1, 1, zeros(last.length + entry.length));
    else result.push(entry);
  }
  return result;
}

describe('a manifest', () => {
  it('gives back the entries that it was written from', async () => {
    const entry = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 40 }).map(zeros),
      fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 16_384 })).map(([number, length]) => chunk(number, length)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
        const { bytes, summary } = written(entries);
        const read = await readBack(bytes, summary.root);
        expect(plain(read.entries)).toEqual(plain(merged(entries)));
        expect(read.cut).toEqual(cut);
        expect(read.summary.dataBytes).toBe(entries.reduce((sum, { id, length }) => sum + (id ? length : 0), 0));
        expect(bytes.length).toBe(manifestBytes(read.entries.length));
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 4095, 4096, 4097, 8192, 10_000])('of %i chunks is read in full pages and a rest', async (count) => {
    const entries = Array.from({ length: count }, (_, number) => chunk(number));
    const { bytes, summary } = written(entries);
    const read = await readBack(bytes, summary.root);
    expect(plain(read.entries)).toEqual(plain(entries));
    const rest = count % entriesPerPage;
    expect(read.lengths).toEqual([
      ...Array(Math.floor(count / entriesPerPage)).fill(4096),
      ...(rest > 0 ? [rest] : []),
    ]);
    expect(read.summary).toMatchObject({ entries: count, size: count * 4096, dataBytes: count * 4096 });
    expect(toHex(read.summary.digest)).toBe(toHex(digest));
  });

  it('whose page gets full by a run of zeros before a chunk, or at the end, loses nothing', async () => {
    for (const count of [4095, 4096]) {
      const chunks = Array.from({ length: count }, (_, number) => chunk(number));
      for (const entries of [
        [...chunks, zeros(7)],
        [...chunks, zeros(7), chunk(-1)],
      ]) {
        const { bytes, summary } = written(entries);
        expect(plain((await readBack(bytes, summary.root)).entries)).toEqual(plain(entries));
      }
    }
  });

  it('of an empty disk has no page, and one of nothing but zeros a single entry', async () => {
    const empty = written([]);
    expect(empty.pieces).toBe(2);
    expect(await readBack(empty.bytes, empty.summary.root)).toMatchObject({ entries: [], summary: { size: 0 } });

    const hole = written(Array.from({ length: 5000 }, () => zeros(2 ** 30)));
    const read = await readBack(hole.bytes, hole.summary.root);
    expect(read).toMatchObject({
      entries: [{ length: 5000 * 2 ** 30, id: null }],
      summary: { entries: 1, dataBytes: 0 },
    });
  });

  it('must cover its disk', () => {
    const writer = createManifestWriter(100, cut);
    writer.add(zeros(99));
    expect(() => writer.finish(digest)).toThrow('entries cover 99 of 100 bytes');
  });

  it('has the same root for the same disk, and another for any other', () => {
    const entries = [chunk(1), zeros(4096), chunk(2)];
    const root = toHex(written(entries).summary.root);
    expect(toHex(written(entries).summary.root)).toBe(root);
    for (const other of [[chunk(2), zeros(4096), chunk(1)], [chunk(1), zeros(4097), chunk(2)], entries.slice(1)]) {
      expect(toHex(written(other).summary.root)).not.toBe(root);
    }
  });
});

describe('damage to a manifest', () => {
  const entries = [chunk(1), zeros(70_000), chunk(2), chunk(3, 5)];
  const { bytes, summary } = written(entries);

  it('is found in any byte, before a wrong entry is handed out', async () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const { blobs, id } = await storeWith(damaged);
      const handedOut: ManifestEntry[] = [];
      const reading = async () => {
        const manifest = await openManifest(blobs, id, summary.root);
        for await (const page of manifest.pages()) handedOut.push(...page);
      };
      await expect(reading(), `byte ${at}`).rejects.toThrow(ManifestError);
      expect(plain(handedOut)).toEqual(plain(entries).slice(0, handedOut.length));
    }
  });

  it('in a later page is found before that page, and after those that are sound', async () => {
    const many = written(Array.from({ length: 3 * entriesPerPage }, (_, number) => chunk(number)));
    const places = fc.integer({ min: manifestHeaderBytes + pageBytes(entriesPerPage), max: many.bytes.length - 97 });
    await fc.assert(
      fc.asyncProperty(places, async (at) => {
        const damaged = many.bytes.slice();
        damaged[at] = (damaged[at] as number) ^ 0x10;
        const { blobs, id } = await storeWith(damaged);
        const manifest = await openManifest(blobs, id, many.summary.root);
        const lengths: number[] = [];
        const reading = async () => {
          for await (const page of manifest.pages()) lengths.push(page.length);
        };
        await expect(reading()).rejects.toThrow(ManifestError);
        const page = Math.floor((at - manifestHeaderBytes) / pageBytes(entriesPerPage));
        expect(lengths).toEqual(Array(page).fill(entriesPerPage));
      }),
      { numRuns: 12 },
    );
  });

  it('is found when it was cut, or has grown anywhere', async () => {
    const key = (damaged: Uint8Array) => readBack(damaged, summary.root);
    for (const length of [0, 1, 63, 64, 159, 160, bytes.length - 96, bytes.length - 1]) {
      await expect(key(bytes.slice(0, length)), `${length} bytes`).rejects.toThrow(ManifestError);
    }
    for (const at of [0, 64, 100, bytes.length - 96, bytes.length]) {
      const grown = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1), bytes.subarray(at)]);
      await expect(key(Uint8Array.from(grown)), `at ${at}`).rejects.toThrow(ManifestError);
    }
  });

  it('is a page that was moved, though it is sound in itself', async () => {
    const many = written(Array.from({ length: 2 * entriesPerPage }, (_, number) => chunk(number)));
    const length = pageBytes(entriesPerPage);
    const swapped = many.bytes.slice();
    swapped.set(many.bytes.subarray(64 + length, 64 + 2 * length), 64);
    swapped.set(many.bytes.subarray(64, 64 + length), 64 + length);
    await expect(readBack(swapped, many.summary.root)).rejects.toThrow('page does not match its hash');
  });

  it('is a manifest that is sound but not the one that the database knows', async () => {
    const other = written([chunk(9)]);
    await expect(readBack(other.bytes, summary.root)).rejects.toThrow('another than the database knows');
  });

  it('is a page of an unknown kind, however well it is hashed', async () => {
    const header = encodeHeader(10, cut);
    const page = encodePage([chunk(1, 10)], hash(header)).bytes;
    page[8] = 2;
    const link = hash(Buffer.concat([hash(header), page.subarray(0, page.length - 32)]));
    page.set(link, page.length - 32);
    const footer = Buffer.alloc(96);
    footer.write('MIMEOMFE');
    footer.writeUInt32LE(1, 8);
    footer.writeUInt32LE(10, 16);
    footer.writeUInt32LE(10, 24);
    const root = hash(Buffer.concat([link, footer.subarray(0, 64)]));
    footer.set(root, 64);
    await expect(readBack(Buffer.concat([header, page, footer]), root)).rejects.toThrow('unknown kind 2');
  });

  it('that is not there at the second look is forgiven (R1)', async () => {
    const many = written(Array.from({ length: 2 * entriesPerPage }, (_, number) => chunk(number)));
    // Footer, header with the first page, second page.
    for (const bad of [1, 2, 3]) {
      const { blobs, id, calls } = await storeWith(many.bytes, (read, call) => {
        if (call === bad) read[40] = (read[40] as number) ^ 1;
        // A footer's digest is only proven at the end; its magic is at once.
        if (call === bad && bad === 1) read[0] = 0;
      });
      const manifest = await openManifest(blobs, id, many.summary.root);
      let entries = 0;
      for await (const page of manifest.pages()) entries += page.length;
      expect(entries).toBe(2 * entriesPerPage);
      expect(calls()).toBeGreaterThan(3);
    }
  });

  it('is not what a medium that hiccups has; one that keeps failing says so itself', async () => {
    const failing = (failures: number) =>
      storeWith(bytes, (_, call) => {
        if (call <= failures) throw new BlobError('retryable', 'manifests/x');
      });
    const once = await failing(1);
    expect((await openManifest(once.blobs, once.id, summary.root)).summary.entries).toBe(4);
    const always = await failing(1000);
    await expect(openManifest(always.blobs, always.id, summary.root)).rejects.toThrow(BlobError);
    expect(always.calls()).toBe(3);
  });

  it('is a manifest that is not there', async () => {
    await expect(openManifest(createMemoryStore(), randomUUID(), summary.root)).rejects.toThrow('missing or cut short');
  });
});
