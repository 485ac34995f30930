import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectSoundStore } from '../../test/support/check-invariants.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { insertPlainImage } from '../../test/support/plain-image.ts';
import { createTenant } from '../../test/support/tenants.ts';
import { toHex } from '../lib/hex.ts';
import { describeChunkIndex } from '../store/chunk-index.conformance.ts';
import { type ChunkIndex, ManifestGoneError } from '../store/chunk-index.ts';
import { createChunkIndex } from './chunk-index.ts';
import { condemnUnused } from './condemn.ts';
import { inTransaction } from './database.ts';
import { deleteImageRows } from './image-states.ts';
import { makeManifestLive } from './manifests.ts';
import { ensureRegions } from './regions.ts';

let database: TestDatabase;
let region: number;
let index: ChunkIndex;
beforeAll(async () => {
  database = await createTestDatabase({ connections: 8 });
  region = (await ensureRegions(database.db, ['north'])).get('north') as number;
  index = createChunkIndex(database.db, region);
});
afterEach(() => expectSoundStore(database.db));
afterAll(() => database.close());

async function newManifest(): Promise<string> {
  const id = randomUUID();
  await database.db.insertInto('manifests').values({ id, region, state: 'pending', size: 1 }).execute();
  return id;
}

async function dropManifest(id: string): Promise<void> {
  await inTransaction(database.db, (trx) => condemnUnused(trx, [id], Date.now()));
}

describeChunkIndex('PostgreSQL', async () => ({ index, newManifest, dropManifest }));

function newChunk(): Uint8Array {
  return randomBytes(32);
}

/** Reserves and commits a pack of these chunks. */
async function store(manifest: string, ids: readonly Uint8Array[]): Promise<string> {
  const pack = toHex(randomBytes(32));
  await index.reservePack(manifest, pack, 1000);
  await index.commitPack(
    manifest,
    pack,
    ids.map((id, number) => ({ id, offset: 32 + number * 100, length: 100 })),
  );
  return pack;
}

/** What the manifest is tied to, with the packs' states. */
async function tiesOf(manifest: string): Promise<{ name: string; state: string }[]> {
  const rows = await database.db
    .selectFrom('manifest_packs')
    .innerJoin('packs', 'packs.number', 'manifest_packs.pack')
    .select(['packs.name', 'packs.state'])
    .where('manifest', '=', manifest)
    .execute();
  return rows.map(({ name, state }) => ({ name: toHex(name), state }));
}

async function stateOf(pack: string): Promise<string | undefined> {
  const row = await database.db
    .selectFrom('packs')
    .select('state')
    .where('name', '=', Buffer.from(pack, 'hex'))
    .executeTakeFirst();
  return row?.state;
}

/** Runs both at once, the second a little later, so that over the rounds they meet at every statement. */
async function race<A, B>(round: number, first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const lag = (round % 8) * 0.4;
  return await Promise.all([
    first(),
    (async () => {
      if (lag > 0) await sleep(lag);
      return await second();
    })(),
  ]);
}

/** Resolves with the error. */
async function goneOr<Result>(work: Promise<Result>): Promise<Result | ManifestGoneError> {
  return await work.catch((error: unknown) => {
    if (error instanceof ManifestGoneError) return error;
    throw error;
  });
}

const rounds = 60;

describe('pin against the collector (W2, D1)', () => {
  it('either ties the pack in time, or does not find the chunk', async () => {
    const outcomes = { pinned: 0, missed: 0 };
    for (let round = 0; round < rounds; round++) {
      const [owner, pinner] = await Promise.all([newManifest(), newManifest()]);
      const ids = [newChunk(), newChunk()];
      const pack = await store(owner, ids);
      // Half of the rounds let the collector go first.
      const pin = () => index.pin(pinner, ids);
      const drop = () => dropManifest(owner);
      const found = round % 2 === 0 ? (await race(round, pin, drop))[0] : (await race(round >> 1, drop, pin))[1];
      if (found.size > 0) {
        outcomes.pinned += 1;
        expect(found).toEqual(new Set(ids.map(toHex)));
        expect(await tiesOf(pinner)).toEqual([{ name: pack, state: 'live' }]);
        expect((await index.locate(ids)).size).toBe(2);
      } else {
        outcomes.missed += 1;
        expect(await tiesOf(pinner)).toEqual([]);
        expect(await stateOf(pack)).toBe('condemned');
        expect(await index.locate(ids)).toEqual(new Map());
      }
    }
    expect(outcomes.pinned).toBeGreaterThan(0);
    expect(outcomes.missed).toBeGreaterThan(0);
  });

  it('holds for many who pin several packs while all their owners are dropped', async () => {
    for (let round = 0; round < rounds / 6; round++) {
      const owners = await Promise.all(Array.from({ length: 4 }, newManifest));
      const chunks = owners.map(newChunk);
      await Promise.all(owners.map((owner, number) => store(owner, [chunks[number] as Uint8Array])));
      const pinners = await Promise.all(Array.from({ length: 4 }, newManifest));
      const [founds] = await Promise.all([
        Promise.all(pinners.map((pinner, turn) => index.pin(pinner, turn % 2 === 0 ? chunks : chunks.toReversed()))),
        ...owners.map(dropManifest),
      ]);
      const located = await index.locate(chunks);
      for (const [number, found] of founds.entries()) {
        const ties = await tiesOf(pinners[number] as string);
        expect(ties.length).toBe(found.size);
        for (const id of found) expect(located.get(id)?.pack).toBeOneOf(ties.map(({ name }) => name));
      }
    }
  });
});

describe('commitPack', () => {
  it('against the drop of its manifest: all of it or nothing', async () => {
    const outcomes = { committed: 0, gone: 0 };
    for (let round = 0; round < rounds; round++) {
      const manifest = await newManifest();
      const ids = [newChunk(), newChunk()];
      const pack = toHex(randomBytes(32));
      await index.reservePack(manifest, pack, 1000);
      const entries = ids.map((id, number) => ({ id, offset: 32 + number * 100, length: 100 }));
      const commit = () => goneOr(index.commitPack(manifest, pack, entries));
      const drop = () => dropManifest(manifest);
      // Half of the rounds let the drop go first.
      const committed = round % 16 < 8 ? (await race(round, commit, drop))[0] : (await race(round, drop, commit))[1];
      outcomes[committed instanceof ManifestGoneError ? 'gone' : 'committed'] += 1;
      // Whoever came first, the drop has the last word.
      expect(await stateOf(pack)).toBe('condemned');
      expect(await tiesOf(manifest)).toEqual([]);
      expect(await index.locate(ids)).toEqual(new Map());
    }
    expect(outcomes.committed).toBeGreaterThan(0);
    expect(outcomes.gone).toBeGreaterThan(0);
  });

  it('against the condemnation of a pack that holds one of its chunks: the chunk is somewhere, and tied', async () => {
    for (let round = 0; round < rounds; round++) {
      const [owner, writer] = await Promise.all([newManifest(), newManifest()]);
      const [shared, own] = [newChunk(), newChunk()];
      await store(owner, [shared]);
      await race(
        round,
        () => store(writer, [shared, own]),
        () => dropManifest(owner),
      );
      const located = await index.locate([shared, own]);
      expect(located.size).toBe(2);
      const ties = (await tiesOf(writer)).map(({ name }) => name);
      for (const { pack } of located.values()) expect(ties).toContain(pack);
    }
  });

  it('of two writers with the same chunks: each is tied to wherever they lie', async () => {
    for (let round = 0; round < rounds / 2; round++) {
      const writers = await Promise.all([newManifest(), newManifest()]);
      const ids = Array.from({ length: 10 }, newChunk);
      await race(
        round,
        () => store(writers[0], ids),
        () => store(writers[1], ids.toReversed()),
      );
      const located = await index.locate(ids);
      expect(located.size).toBe(10);
      for (const writer of writers) {
        const ties = (await tiesOf(writer)).map(({ name }) => name);
        for (const { pack } of located.values()) expect(ties).toContain(pack);
      }
    }
  });
});

describe('a manifest that goes live', () => {
  function makeLive(manifest: string): Promise<boolean> {
    const summary = { root: randomBytes(32), digest: randomBytes(32), dataBytes: 1 };
    return inTransaction(database.db, (trx) => makeManifestLive(trx, manifest, summary, 0));
  }

  it('takes nothing more, from a writer that was taken for dead', async () => {
    const [manifest, other] = [await newManifest(), await newManifest()];
    const ids = [newChunk()];
    await store(other, ids);
    const pack = toHex(randomBytes(32));
    await index.reservePack(manifest, pack, 1000);
    expect(await makeLive(manifest)).toBe(true);
    expect(await stateOf(pack)).toBe('condemned');
    await expect(index.commitPack(manifest, pack, [])).rejects.toThrow(ManifestGoneError);
    await expect(index.reservePack(manifest, toHex(randomBytes(32)), 1000)).rejects.toThrow(ManifestGoneError);
    await expect(index.pin(manifest, ids)).rejects.toThrow(ManifestGoneError);
    expect(await tiesOf(manifest)).toEqual([]);
    expect(await makeLive(manifest)).toBe(false);
  });

  it('against reservePack and commitPack: no pack stays reserved, and every tied one is known to be published', async () => {
    for (let round = 0; round < rounds; round++) {
      const manifest = await newManifest();
      const [reserved, committed] = [toHex(randomBytes(32)), toHex(randomBytes(32))];
      await index.reservePack(manifest, committed, 1000);
      const entries = [{ id: newChunk(), offset: 32, length: 100 }];
      await Promise.all([
        race(
          round,
          () => goneOr(index.reservePack(manifest, reserved, 1000)),
          () => makeLive(manifest),
        ),
        goneOr(index.commitPack(manifest, committed, entries)),
      ]);
      expect(await stateOf(reserved)).toBeOneOf([undefined, 'condemned']);
      const tied = await database.db
        .selectFrom('manifest_packs')
        .innerJoin('packs', 'packs.number', 'manifest_packs.pack')
        .select('published')
        .where('manifest', '=', manifest)
        .execute();
      expect(tied.every(({ published }) => published)).toBe(true);
    }
  });
});

describe('condemnUnused', () => {
  it('against itself: the last of two to let go of a pack condemns it', async () => {
    for (let round = 0; round < rounds; round++) {
      const [first, second] = await Promise.all([newManifest(), newManifest()]);
      const ids = [newChunk()];
      const pack = await store(first, ids);
      await index.pin(second, ids);
      await race(
        round,
        () => dropManifest(first),
        () => dropManifest(second),
      );
      expect(await stateOf(pack)).toBe('condemned');
      expect(await index.locate(ids)).toEqual(new Map());
    }
  });

  it('condemns packs that were reserved and never committed', async () => {
    const manifest = await newManifest();
    const pack = toHex(randomBytes(32));
    await index.reservePack(manifest, pack, 1000);
    await dropManifest(manifest);
    expect(await stateOf(pack)).toBe('condemned');
  });

  it('against reservePack: no pack stays reserved for a manifest that is gone', async () => {
    const outcomes = { reserved: 0, gone: 0 };
    for (let round = 0; round < rounds; round++) {
      const manifest = await newManifest();
      const pack = toHex(randomBytes(32));
      const [reserved] = await race(
        round,
        () => goneOr(index.reservePack(manifest, pack, 1000)),
        () => dropManifest(manifest),
      );
      outcomes[reserved instanceof ManifestGoneError ? 'gone' : 'reserved'] += 1;
      expect(await stateOf(pack)).toBe(reserved instanceof ManifestGoneError ? undefined : 'condemned');
    }
    expect(outcomes.reserved).toBeGreaterThan(0);
  });

  it('does nothing twice', async () => {
    const manifest = await newManifest();
    await inTransaction(database.db, (trx) => condemnUnused(trx, [manifest], 1000));
    await inTransaction(database.db, (trx) => condemnUnused(trx, [manifest], 2000));
    const row = await database.db
      .selectFrom('manifests')
      .select('condemned_at')
      .where('id', '=', manifest)
      .executeTakeFirst();
    expect(row).toEqual({ condemned_at: 1000 });
  });

  it('leaves what a disk still refers to', async () => {
    const manifest = await newManifest();
    const pack = await store(manifest, [newChunk()]);
    const caller = await createTenant(database.db);
    const image = await inTransaction(database.db, (trx) => insertPlainImage(trx, caller, { region: 'north' }));
    await database.db.updateTable('disks').set({ manifest }).where('image', '=', image).execute();
    await dropManifest(manifest);
    expect(await stateOf(pack)).toBe('live');
    await inTransaction(database.db, (trx) => deleteImageRows(trx, image, Date.now()));
    expect(await stateOf(pack)).toBe('condemned');
  });
});

// Each costs both sides the second after which PostgreSQL looks for one.
it('none of this has met a deadlock', async () => {
  // Backends report what they have counted at most once a second.
  await sleep(1100);
  const { rows } = await sql`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`.execute(
    database.db,
  );
  expect(rows).toEqual([{ deadlocks: 0 }]);
});
