import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectSoundStore } from '../../test/support/check-invariants.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { plainDisk as disk, insertPlainImage, plainImage } from '../../test/support/plain-image.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { Caller } from '../app/context.ts';
import { newSnapshot } from '../domain/ids.ts';
import { toHex } from '../lib/hex.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { type ChunkIndex, ManifestGoneError } from '../store/chunk-index.ts';
import { createMemoryStore } from '../store/drivers/memory/memory-store.ts';
import type { StoreLedger } from '../store/store-ledger.ts';
import { collect } from '../transfer/collect.ts';
import { lockAccountRegion } from './account-regions.ts';
import { createChunkIndex } from './chunk-index.ts';
import { inTransaction } from './database.ts';
import { deleteImageRows } from './image-states.ts';
import { attachPendingManifest, makeManifestLive } from './manifests.ts';
import { insertImageOfSnapshots } from './new-images.ts';
import { ensureRegions } from './regions.ts';
import { deleteSnapshotRow, findSnapshot, readSnapshotBytes } from './snapshots.ts';
import { createStoreLedger } from './store-ledger.ts';
import { findDefaultProject } from './tenants/projects.ts';

let database: TestDatabase;
let region: number;
let index: ChunkIndex;
let ledger: StoreLedger;
let blobs: BlobStore;
let caller: Caller;
beforeAll(async () => {
  database = await createTestDatabase({ connections: 6 });
  region = (await ensureRegions(database.db, ['north'])).get('north') as number;
  index = createChunkIndex(database.db, region);
  ledger = createStoreLedger(database.db, region);
  blobs = createMemoryStore();
  caller = await createTenant(database.db);
});
afterAll(() => database.close());

/** An image of the model, and what its writer was told is there for it; it may have gone and left its snapshot. */
interface ModelImage {
  readonly id: string;
  readonly snapshot: string;
  readonly manifest: string;
  readonly chunks: Set<number>;
  left: 'image' | 'snapshot' | 'nothing';
}

/** What one of several concurrent actors does. `image` counts among those that are there, `snapshot` among those that were left. */
type Step =
  | { readonly does: 'begin' }
  /** As the pack writer: pins what is there, stores the rest; `again` stores everything, as a racing lane does. */
  | { readonly does: 'store'; readonly image: number; readonly chunks: readonly number[]; readonly again: boolean }
  /** The writer falls between its pack's bytes and its rows. */
  | { readonly does: 'crash'; readonly image: number }
  | { readonly does: 'finish'; readonly image: number }
  | { readonly does: 'delete'; readonly image: number; readonly keeps: boolean }
  /** Another image on the snapshot of one that is there, or of one that has gone. */
  | { readonly does: 'reuse'; readonly image: number }
  | { readonly does: 'revive'; readonly snapshot: number }
  | { readonly does: 'forget'; readonly snapshot: number }
  | { readonly does: 'collect' };

const image = fc.nat(3);
const chunks = fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constant('begin' as const) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('store' as const), image, chunks, again: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('crash' as const), image }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('finish' as const), image }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('delete' as const), image, keeps: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reuse' as const), image }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('revive' as const), snapshot: image }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('forget' as const), snapshot: image }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('collect' as const) }) },
);

function idOf(chunk: number): Uint8Array {
  return createHash('sha256').update(`chunk ${chunk}`).digest();
}

async function begin(images: ModelImage[]): Promise<void> {
  const id = randomUUID();
  const manifest = randomUUID();
  const snapshot = newSnapshot(randomBytes);
  await inTransaction(database.db, async (trx) => {
    await insertPlainImage(trx, caller, { id, region: 'north', disks: [{ ...disk, snapshot }] });
    await attachPendingManifest(
      trx,
      { image: id, index: 0 },
      { id: manifest, region, size: 1, chunkAccountId: caller.accountId },
    );
  });
  images.push({ id, snapshot: snapshot.id, manifest, chunks: new Set(), left: 'image' });
}

/** The reserved pack, with its bytes durable. */
async function putPack({ manifest }: ModelImage): Promise<string> {
  const pack = toHex(randomBytes(32));
  await index.reservePack(manifest, pack, 10);
  await blobs.put(packKey(pack), Buffer.from(pack));
  return pack;
}

async function storeChunks(target: ModelImage, wanted: readonly number[], again: boolean): Promise<void> {
  const present = again ? new Set<string>() : await index.pin(target.manifest, wanted.map(idOf));
  const missing = wanted.filter((chunk) => !present.has(toHex(idOf(chunk))));
  if (missing.length > 0) {
    const pack = await putPack(target);
    const entries = missing.map((chunk, number) => ({ id: idOf(chunk), offset: 32 + number, length: 1 }));
    await index.commitPack(target.manifest, pack, entries);
  }
  for (const chunk of wanted) target.chunks.add(chunk);
}

async function finish({ id, manifest }: ModelImage): Promise<void> {
  const summary = { root: randomBytes(32), digest: randomBytes(32), dataBytes: 1 };
  const finished = await inTransaction(database.db, async (trx) => {
    // The image first, as whoever deletes it does.
    await trx.updateTable('images').set({ state: 'available' }).where('id', '=', id).execute();
    return await makeManifestLive(trx, manifest, summary, 0);
  });
  if (finished) await blobs.put(manifestKey(manifest), Buffer.from(manifest));
}

async function remove(target: ModelImage, keepSnapshots: boolean): Promise<void> {
  target.left = 'nothing';
  const kept = await inTransaction(database.db, (trx) =>
    deleteImageRows(trx, target.id, 0, { keep: keepSnapshots ? [target.snapshot] : [] }),
  );
  if (kept.length > 0) target.left = 'snapshot';
}

/** A new image on the target's snapshot, if that has its bytes and is there still. */
async function makeOf(target: ModelImage, images: ModelImage[]): Promise<void> {
  const id = randomUUID();
  const made = await inTransaction(database.db, async (trx) => {
    await lockAccountRegion(trx, { accountId: caller.accountId, region: 'north' });
    const held = await readSnapshotBytes(trx, [target.snapshot]);
    const found = await findSnapshot(trx, target.snapshot);
    if (held.size === 0 || found === undefined) return false;
    const { id: projectId } = await findDefaultProject(trx, caller.accountId, 'north');
    const disks = [{ ...disk, snapshot: found, dataBytes: 1 }];
    const image = { ...plainImage(caller, projectId, 'north'), id, state: 'available', disks } as const;
    await insertImageOfSnapshots(trx, image, held);
    return true;
  });
  if (!made) return;
  if (target.left === 'snapshot') target.left = 'nothing';
  images.push({ ...target, id, left: 'image' });
}

async function forget(target: ModelImage): Promise<void> {
  target.left = 'nothing';
  await inTransaction(database.db, async (trx) => {
    await lockAccountRegion(trx, { accountId: caller.accountId, region: 'north' });
    const snapshot = await findSnapshot(trx, target.snapshot);
    if (snapshot?.images.length === 0) await deleteSnapshotRow(trx, snapshot, 0);
  });
}

async function collectAll(): Promise<void> {
  const { signal } = new AbortController();
  await collect({ blobs, ledger, condemnedBefore: 1, strays: true, dryRun: false, signal });
}

async function take(step: Step, images: ModelImage[]): Promise<void> {
  if (step.does === 'begin') return await begin(images);
  if (step.does === 'collect') return await collectAll();
  const of = 'image' in step ? 'image' : 'snapshot';
  const there = images.filter(({ left }) => left === of);
  const target = there[('image' in step ? step.image : step.snapshot) % there.length];
  if (target !== undefined) await takeOn(target, step, images);
}

async function takeOn(
  target: ModelImage,
  step: Extract<Step, { image: number } | { snapshot: number }>,
  images: ModelImage[],
): Promise<void> {
  switch (step.does) {
    case 'store':
      return await storeChunks(target, step.chunks, step.again).catch(unlessGone);
    case 'crash':
      return void (await putPack(target).catch(unlessGone));
    case 'finish':
      return await finish(target);
    case 'delete':
      return await remove(target, step.keeps);
    case 'reuse':
    case 'revive':
      return await makeOf(target, images);
    case 'forget':
      return await forget(target);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ManifestGoneError)) throw error;
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of blobs.list('')) found.push(key);
  return found;
}

/** What every image and snapshot that is there was promised is there: located, in a pack that it is tied to, with bytes. */
async function expectPromisesKept(images: readonly ModelImage[]): Promise<void> {
  for (const { manifest, chunks, left } of images) {
    if (left === 'nothing') continue;
    const located = await index.locate([...chunks].map(idOf));
    expect(located.size).toBe(chunks.size);
    const rows = await database.db
      .selectFrom('manifest_packs')
      .innerJoin('packs', 'packs.number', 'manifest_packs.pack')
      .select('packs.name')
      .where('manifest', '=', manifest)
      .execute();
    const ties = new Set(rows.map(({ name }) => toHex(name)));
    for (const { pack } of located.values()) {
      expect(ties.has(pack)).toBe(true);
      expect(await blobs.stat(packKey(pack))).toBeDefined();
    }
  }
}

/** A collection that nobody disturbs leaves exactly the bytes that rows name which are not condemned. */
async function expectExactCollection(): Promise<void> {
  await collectAll();
  const packs = await database.db.selectFrom('packs').select(['name', 'state']).execute();
  const manifests = await database.db.selectFrom('manifests').select(['id', 'state']).execute();
  expect(packs.filter(({ state }) => state === 'condemned')).toEqual([]);
  expect(manifests.filter(({ state }) => state === 'condemned')).toEqual([]);
  const named = [
    ...packs.map(({ name }) => packKey(toHex(name))),
    ...manifests.filter(({ state }) => state === 'live').map(({ id }) => manifestKey(id)),
  ];
  expect((await keys()).sort()).toEqual(named.sort());
}

it('whatever several do at once, what is promised stays, and what nothing needs goes', async () => {
  const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(rounds, async (rounds) => {
      const images: ModelImage[] = [];
      for (let count = 0; count < 3; count += 1) await begin(images);
      try {
        // One that is written, one that is there, and a snapshot.
        for (const [number, each] of images.slice(1).entries()) {
          await storeChunks(each, [number, 7], false);
          await finish(each);
        }
        await remove(images[2] as ModelImage, true);
        for (const steps of rounds) {
          await Promise.all(steps.map((each) => take(each, images)));
          await expectSoundStore(database.db);
          await expectPromisesKept(images);
        }
        await expectExactCollection();
        await expectPromisesKept(images);
      } finally {
        for (const each of images.filter(({ left }) => left === 'image')) await remove(each, false);
        for (const each of images.filter(({ left }) => left === 'snapshot')) await forget(each);
        await collectAll();
      }
      expect(await keys()).toEqual([]);
      for (const table of ['packs', 'manifests', 'manifest_packs', 'chunks', 'snapshots'] as const) {
        expect(await database.db.selectFrom(table).selectAll().execute()).toEqual([]);
      }
    }),
    { numRuns: 30 },
  );
});
