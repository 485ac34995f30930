import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../lib/hex.ts';
import { type ChunkIndex, ManifestGoneError, type PackEntry } from './chunk-index.ts';

export interface IndexUnderTest {
  readonly index: ChunkIndex;
  /** Makes a pending manifest in the index's region; returns its id. */
  newManifest(): Promise<string>;
  /** Drops a pending manifest as cancelling does: its ties go, and the packs that nothing else is tied to are condemned. */
  dropManifest(id: string): Promise<void>;
  /** Gives back what the index took. */
  close?(): Promise<void>;
}

/**
 * What every chunk index must do (see `chunk-index.ts`). Ids and names are random, so `make` may give the same index again
 * and again.
 */
export function describeChunkIndex(name: string, make: () => Promise<IndexUnderTest>): void {
  describe(`chunk index: ${name}`, () => {
    let tested: IndexUnderTest;
    let index: ChunkIndex;

    beforeEach(async () => {
      tested = await make();
      index = tested.index;
    });

    afterEach(async () => {
      await tested.close?.();
    });

    /** Reserves and commits a pack that holds these chunks, one after the other from offset 32; returns its name. */
    async function store(manifest: string, ids: readonly Uint8Array[]): Promise<string> {
      const pack = newName();
      await index.reservePack(manifest, pack, 1_000_000);
      await index.commitPack(manifest, pack, entriesOf(ids));
      return pack;
    }

    async function packsOf(ids: readonly Uint8Array[]): Promise<(string | undefined)[]> {
      const located = await index.locate(ids);
      return ids.map((id) => located.get(toHex(id))?.pack);
    }

    describe('a committed pack', () => {
      it('says where its chunks lie, to the byte', async () => {
        const manifest = await tested.newManifest();
        const ids = newIds(3);
        const pack = newName();
        await index.reservePack(manifest, pack, 12 * 1024 ** 3);
        const entries = [
          { id: at(ids, 0), offset: 32, length: 17 },
          { id: at(ids, 1), offset: 2 ** 31 + 1, length: 262_160 },
          { id: at(ids, 2), offset: 9 * 1024 ** 3, length: 2 ** 31 - 1 },
        ];
        await index.commitPack(manifest, pack, entries);
        expect(await index.locate(ids)).toEqual(
          new Map(entries.map(({ id, offset, length }) => [toHex(id), { pack, offset, length }])),
        );
      });

      it('is found chunk by chunk, and nothing else is', async () => {
        const manifest = await tested.newManifest();
        const ids = newIds(4);
        const strangers = newIds(4);
        const pack = await store(manifest, ids);
        expect(await packsOf([at(ids, 2)])).toEqual([pack]);
        expect([...(await index.locate([...strangers, at(ids, 1)])).keys()]).toEqual([toHex(at(ids, 1))]);
        expect(await index.pin(manifest, [...strangers, at(ids, 3)])).toEqual(new Set([toHex(at(ids, 3))]));
      });

      it('may hold thousands of chunks', async () => {
        const manifest = await tested.newManifest();
        const ids = newIds(5000);
        const pack = await store(manifest, ids);
        expect(new Set(await packsOf(ids))).toEqual(new Set([pack]));
        expect((await index.pin(await tested.newManifest(), ids)).size).toBe(5000);
      });

      it('may hold none', async () => {
        const manifest = await tested.newManifest();
        await expect(store(manifest, [])).resolves.toMatch(/^[0-9a-f]{64}$/);
      });

      it('keeps ids that were views of a larger buffer, which is used again', async () => {
        const manifest = await tested.newManifest();
        const memory = randomBytes(96);
        const id = memory.subarray(40, 72);
        const copy = Uint8Array.from(id);
        const pack = await store(manifest, [id]);
        memory.fill(0);
        expect(await packsOf([copy])).toEqual([pack]);
      });
    });

    it('answers empty questions', async () => {
      const manifest = await tested.newManifest();
      expect(await index.pin(manifest, [])).toEqual(new Set());
      expect(await index.locate([])).toEqual(new Map());
    });

    it('names no chunk of a pack that is only reserved (W1)', async () => {
      const manifest = await tested.newManifest();
      const ids = newIds(2);
      const pack = newName();
      await index.reservePack(manifest, pack, 1000);
      expect(await index.locate(ids)).toEqual(new Map());
      expect(await index.pin(await tested.newManifest(), ids)).toEqual(new Set());
      await index.commitPack(manifest, pack, entriesOf(ids));
      expect(await packsOf(ids)).toEqual([pack, pack]);
    });

    describe('ties (W2)', () => {
      it('of the writer keep its packs', async () => {
        const [writer, other] = [await tested.newManifest(), await tested.newManifest()];
        const ids = newIds(1);
        const pack = await store(writer, ids);
        await index.pin(other, ids);
        await tested.dropManifest(other);
        expect(await packsOf(ids)).toEqual([pack]);
      });

      it('made by pin keep a pack when its writer is dropped', async () => {
        const [writer, pinner] = [await tested.newManifest(), await tested.newManifest()];
        const ids = newIds(2);
        const pack = await store(writer, ids);
        await index.pin(pinner, ids.slice(0, 1));
        await tested.dropManifest(writer);
        expect(await packsOf(ids)).toEqual([pack, pack]);
      });

      it('that are all gone leave no chunk to be found', async () => {
        const [writer, later] = [await tested.newManifest(), await tested.newManifest()];
        const ids = newIds(2);
        await store(writer, ids);
        await tested.dropManifest(writer);
        expect(await index.locate(ids)).toEqual(new Map());
        expect(await index.pin(later, ids)).toEqual(new Set());
        const pack = await store(later, ids);
        expect(await packsOf(ids)).toEqual([pack, pack]);
      });

      it('can be made twice', async () => {
        const [writer, pinner] = [await tested.newManifest(), await tested.newManifest()];
        const ids = newIds(1);
        await store(writer, ids);
        await index.pin(pinner, ids);
        expect(await index.pin(pinner, [...ids, ...ids])).toEqual(new Set(ids.map(toHex)));
      });
    });

    describe('a chunk in two packs', () => {
      it('keeps its first place, and the second writer is tied to both packs', async () => {
        const [first, second] = [await tested.newManifest(), await tested.newManifest()];
        const [shared, own] = [newIds(1), newIds(1)];
        const firstPack = await store(first, shared);
        const secondPack = await store(second, [...own, ...shared]);
        expect(await packsOf([...shared, ...own])).toEqual([firstPack, secondPack]);
        await tested.dropManifest(first);
        expect(await packsOf([...shared, ...own])).toEqual([firstPack, secondPack]);
      });

      it('does not tie the first writer to the second pack', async () => {
        const [first, second] = [await tested.newManifest(), await tested.newManifest()];
        const [shared, own] = [newIds(1), newIds(1)];
        const firstPack = await store(first, shared);
        await store(second, [...own, ...shared]);
        await tested.dropManifest(second);
        expect(await packsOf([...shared, ...own])).toEqual([firstPack, undefined]);
      });

      it('is stored by many writers at once, and stays for each of them', async () => {
        const ids = newIds(50);
        const manifests = await Promise.all(Array.from({ length: 6 }, () => tested.newManifest()));
        // Each in another order, so that whoever locks rows in the order of the entries meets another half-way.
        const turned = manifests.map((_, turn) => [...ids.slice(turn * 8), ...ids.slice(0, turn * 8)]);
        const packs = await Promise.all(
          manifests.map((manifest, turn) =>
            store(manifest, turn % 2 === 0 ? at(turned, turn) : at(turned, turn).toReversed()),
          ),
        );
        const places = await packsOf(ids);
        for (const place of places) expect(packs).toContain(place);
        for (const manifest of manifests.slice(1)) await tested.dropManifest(manifest);
        expect(await packsOf(ids)).toEqual(places);
      });

      it('is stored twice by one writer at once', async () => {
        const manifest = await tested.newManifest();
        const ids = newIds(20);
        const packs = await Promise.all([store(manifest, ids), store(manifest, ids.toReversed())]);
        for (const place of await packsOf(ids)) expect(packs).toContain(place);
      });
    });

    describe('a dropped manifest', () => {
      it('pins nothing, not even the empty list', async () => {
        const [writer, dropped] = [await tested.newManifest(), await tested.newManifest()];
        const ids = newIds(1);
        await store(writer, ids);
        await tested.dropManifest(dropped);
        for (const asked of [ids, newIds(1), []]) await expectGone(index.pin(dropped, asked), dropped);
      });

      it('reserves nothing', async () => {
        const dropped = await tested.newManifest();
        await tested.dropManifest(dropped);
        await expectGone(index.reservePack(dropped, newName(), 1000), dropped);
      });

      it('commits nothing, not even what it had reserved', async () => {
        const dropped = await tested.newManifest();
        const ids = newIds(2);
        const pack = newName();
        await index.reservePack(dropped, pack, 1000);
        await tested.dropManifest(dropped);
        await expectGone(index.commitPack(dropped, pack, entriesOf(ids)), dropped);
        expect(await index.locate(ids)).toEqual(new Map());
      });
    });
  });
}

/** An item of a list that is known to have it. */
function at<Item>(items: readonly Item[], number: number): Item {
  return items[number] as Item;
}

function newIds(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => randomBytes(32));
}

function newName(): string {
  return toHex(randomBytes(32));
}

function entriesOf(ids: readonly Uint8Array[]): PackEntry[] {
  return ids.map((id, number) => ({ id, offset: 32 + number * 100, length: 100 }));
}

async function expectGone(call: Promise<unknown>, manifestId: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ManifestGoneError);
  expect((error as ManifestGoneError).manifestId).toBe(manifestId);
}
