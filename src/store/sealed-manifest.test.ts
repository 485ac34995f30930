import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { uuidBytes } from '../lib/uuid-bytes.ts';
import { manifestKey } from './blob-keys.ts';
import type { DiskSealing } from './disk-keys.ts';
import { createMemoryStore } from './drivers/memory/memory-store.ts';
import { hash } from './hash.ts';
import {
  type CutParameters,
  entriesPerPage,
  footerDigest,
  type ManifestEntry,
  ManifestError,
  manifestHeaderBytes,
  pageBytes,
} from './manifest-format.ts';
import { openManifest } from './manifest-reader.ts';
import { createManifestWriter } from './manifest-writer.ts';

const cut: CutParameters = { minChunk: 4096, meanChunk: 4096, maxChunk: 4096, segment: 1024 * 1024 };
const diskDigest = hash(Buffer.from('a disk'));

function newSealing(): DiskSealing {
  return { id: randomUUID(), frames: randomBytes(32), manifest: randomBytes(32) };
}

const sealing = newSealing();

function chunk(number: number): ManifestEntry {
  return { length: 4096, id: hash(Buffer.from(`chunk ${number}`)) };
}

function chunksOf(count: number, from = 0): ManifestEntry[] {
  return Array.from({ length: count }, (_, number) => chunk(from + number));
}

function written(entries: readonly ManifestEntry[], by: DiskSealing | null = sealing) {
  const size = entries.reduce((sum, { length }) => sum + length, 0);
  const writer = createManifestWriter(size, cut, by);
  const pieces: Uint8Array[] = [writer.header];
  for (const entry of entries) {
    const page = writer.add(entry);
    if (page !== undefined) pieces.push(page);
  }
  const last = writer.finish(footerDigest(diskDigest, by));
  return { bytes: Uint8Array.from(Buffer.concat([...pieces, ...last.bytes])), root: last.summary.root };
}

/** Reads all of a manifest; says how many entries it had given when it threw. */
async function read(bytes: Uint8Array, root: Uint8Array, by: DiskSealing | null = sealing) {
  const blobs = createMemoryStore();
  const id = randomUUID();
  await blobs.put(manifestKey(id), bytes);
  const entries: ManifestEntry[] = [];
  const reading = async () => {
    const manifest = await openManifest(blobs, id, root, { sealing: by });
    for await (const page of manifest.pages()) entries.push(...page);
    return manifest;
  };
  let error: unknown;
  try {
    const { summary } = await reading();
    expect(toHex(summary.digest)).toBe(toHex(footerDigest(diskDigest, by)));
  } catch (reason) {
    error = reason;
  }
  return { entries, error };
}

/** What somebody without the key can make of a manifest: every link and the root fit, by plain hashes. */
function relinked(bytes: Uint8Array): { bytes: Uint8Array; root: Uint8Array } {
  const copy = Buffer.from(bytes);
  const linkAt = copy.length - 96 - 32;
  const link = hash(Buffer.concat([hash(copy.subarray(0, 64)), copy.subarray(64, linkAt)]));
  copy.set(link, linkAt);
  const root = hash(Buffer.concat([link, copy.subarray(-96, -32)]));
  copy.set(root, copy.length - 32);
  return { bytes: copy, root };
}

describe('the manifest of an encrypted disk', () => {
  it('gives back its entries, names its data key, and hides the digest of the disk', async () => {
    const entry = fc.oneof(fc.nat(50).map(chunk), fc.constant({ length: 70_000, id: null }));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 30 }), async (entries) => {
        const { bytes, root } = written(entries);
        const { entries: found, error } = await read(bytes, root);
        expect(error).toBeUndefined();
        expect(found.flatMap(({ id }) => (id ? [toHex(id)] : []))).toEqual(
          entries.flatMap(({ id }) => (id ? [toHex(id)] : [])),
        );
        expect(toHex(bytes.subarray(0, 8))).toBe(toHex(Buffer.from('MIMEOMF2')));
        expect(toHex(bytes.subarray(32, 48))).toBe(toHex(uuidBytes(sealing.id)));
        expect(Buffer.from(bytes).includes(Buffer.from(diskDigest))).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('has a root that only its data key gives', () => {
    const entries = chunksOf(3);
    const roots = [sealing, { ...sealing, manifest: randomBytes(32) }, { ...sealing, id: randomUUID() }, null].map(
      (by) => toHex(written(entries, by).root),
    );
    expect(new Set(roots).size).toBe(4);
    expect(toHex(written(entries).root)).toBe(roots[0]);
  });
});

describe('damage to the manifest of an encrypted disk is found', () => {
  it('in any byte, before a wrong entry is handed out', async () => {
    const entries = [chunk(1), { length: 70_000, id: null }, chunk(2)];
    const { bytes, root } = written(entries);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const { entries: given, error } = await read(damaged, root);
      expect(error, `byte ${at}`).toBeInstanceOf(ManifestError);
      expect(given.map(({ length }) => length)).toEqual(entries.slice(0, given.length).map(({ length }) => length));
    }
  });

  it('when pages were swapped, or come from another manifest of the same data key', async () => {
    const [first, second] = [written(chunksOf(2 * entriesPerPage)), written(chunksOf(2 * entriesPerPage, 9000))];
    const length = pageBytes(entriesPerPage);
    const [one, two] = [manifestHeaderBytes, manifestHeaderBytes + length];
    const swapped = first.bytes.slice();
    swapped.set(first.bytes.subarray(two, two + length), one);
    swapped.set(first.bytes.subarray(one, two), two);
    expect((await read(swapped, first.root)).error).toMatchObject({ message: 'page does not match its hash' });
    for (const page of [one, two]) {
      const mixed = first.bytes.slice();
      mixed.set(second.bytes.subarray(page, page + length), page);
      expect((await read(mixed, first.root)).error).toBeInstanceOf(ManifestError);
    }
  });

  it('when it is another, sound one of the same data key', async () => {
    const [older, newer] = [written(chunksOf(2)), written(chunksOf(3))];
    expect((await read(older.bytes, newer.root)).error).toMatchObject({
      message: 'manifest is another than the database knows',
    });
  });

  it('when it was changed and linked anew without the key, even if the database was told its root', async () => {
    const { bytes } = written(chunksOf(3));
    bytes.set(hash(Buffer.from('a chunk of another')), 64 + 8 + 8);
    const forged = relinked(bytes);
    expect((await read(forged.bytes, forged.root)).error).toMatchObject({ message: 'page does not match its hash' });
    const plain = written(chunksOf(3), null);
    // So that the test knows how to link: what is not encrypted can be read so.
    const same = relinked(plain.bytes);
    expect((await read(same.bytes, same.root, null)).error).toBeUndefined();
  });

  it('when it is of another data key', async () => {
    const { bytes, root } = written(chunksOf(3));
    const renamed = { ...sealing, id: randomUUID() };
    expect((await read(bytes, root, renamed)).error).toMatchObject({ message: 'manifest is of another data key' });
    const otherKey = { ...sealing, manifest: randomBytes(32) };
    expect((await read(bytes, root, otherKey)).error).toMatchObject({ message: 'page does not match its hash' });
    const empty = written([]);
    expect((await read(empty.bytes, empty.root, otherKey)).error).toMatchObject({
      message: 'root does not match its hash',
    });
  });

  it('when it is one of a disk that is not encrypted, and the other way round', async () => {
    const [sealed, plain] = [written(chunksOf(3)), written(chunksOf(3), null)];
    expect((await read(plain.bytes, plain.root)).error).toMatchObject({
      message: 'manifest is one of a disk that is not encrypted',
    });
    expect((await read(sealed.bytes, sealed.root, null)).error).toMatchObject({
      message: 'manifest is one of a disk that is encrypted',
    });
  });
});
