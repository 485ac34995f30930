import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/context.ts';
import type { Trx } from '../../src/db/database.ts';
import { ensureRegions } from '../../src/db/regions.ts';
import { expectSound } from './check-invariants.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { insertPlainImage } from './plain-image.ts';
import { createTenant } from './tenants.ts';

describe('createTestDatabase', () => {
  it('fails the test that leaves a connection open, and drops the database all the same', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ ...database.address, application_name: 'the leak' });
    client.on('error', () => {});
    await client.connect();
    await client.query('SELECT 1 AS left');
    await expect(database.close()).rejects.toThrow(/left open:\nthe leak: idle, SELECT 1 AS left$/);
    await expect(client.query('SELECT 1')).rejects.toThrow();
  });
});

describe('expectSound', () => {
  let database: TestDatabase;
  let region: number;
  let caller: Caller;
  beforeAll(async () => {
    database = await createTestDatabase();
    region = (await ensureRegions(database.db, ['north'])).get('north') as number;
    caller = await createTenant(database.db);
    await database.db.insertInto('account_regions').values({ account: caller.accountId, region }).execute();
  });
  afterAll(() => database.close());

  function pack(trx: Trx, state: 'live' | 'condemned') {
    const condemned_at = state === 'condemned' ? 0 : null;
    return trx
      .insertInto('packs')
      .values({ region, name: randomBytes(32), size: 1, state, reserved_for: null, condemned_at })
      .returning('number')
      .executeTakeFirstOrThrow();
  }

  function image(trx: Trx, state: 'queued' | 'uploading' | 'copying' | 'available'): Promise<string> {
    return insertPlainImage(trx, caller, { region: 'north', state });
  }

  function copy(trx: Trx, changes: { state: 'queued' | 'running' | 'succeeded'; source: string; destination: string }) {
    const { state, source, destination } = changes;
    return trx
      .insertInto('copies')
      .values({
        id: randomUUID(),
        account: caller.accountId,
        source_image: source,
        source_region: region,
        destination_image: destination,
        destination_region: region,
        state,
        job: randomUUID(),
        server: randomUUID(),
        bytes_total: 1,
        failure_code: null,
        failure_message: null,
        created_at: 0,
        started_at: null,
        finished_at: state === 'succeeded' ? 0 : null,
      })
      .execute();
  }

  it('finds nothing wrong with an empty database', async () => {
    await expectSound(database.db);
  });

  it.each<[string, (trx: Trx) => Promise<unknown>]>([
    ['D1: a live pack has a tie', (trx) => pack(trx, 'live')],
    [
      'W1: a chunk lies in a live pack',
      async (trx) => {
        const { number } = await pack(trx, 'condemned');
        await trx
          .insertInto('chunks')
          .values({ region, id: randomBytes(32), pack: number, position: 32, length: 1 })
          .execute();
      },
    ],
    [
      'D1: a manifest that is not condemned',
      (trx) => trx.insertInto('manifests').values({ id: randomUUID(), region, state: 'pending', size: 1 }).execute(),
    ],
    ['W3: an image is available', (trx) => image(trx, 'available')],
    ['an image is uploading exactly', (trx) => image(trx, 'uploading')],
    ['an image that is to become a copy', (trx) => image(trx, 'copying')],
    [
      'a copy and its new image agree',
      async (trx) => copy(trx, { state: 'queued', source: randomUUID(), destination: randomUUID() }),
    ],
    [
      'the source of an unfinished copy',
      async (trx) => copy(trx, { state: 'queued', source: randomUUID(), destination: await image(trx, 'queued') }),
    ],
    [
      'a finished copy has no job',
      async (trx) => copy(trx, { state: 'succeeded', source: randomUUID(), destination: randomUUID() }),
    ],
    [
      'P1: everything is done',
      async (trx) => copy(trx, { state: 'succeeded', source: randomUUID(), destination: randomUUID() }),
    ],
    [
      'the cap of a group',
      async (trx) => {
        for (let number = 0; number < 2; number++) {
          await copy(trx, { state: 'queued', source: randomUUID(), destination: randomUUID() });
        }
      },
    ],
  ])('finds what breaks "%s"', async (rule, breakIt) => {
    const undo = new Error('undo');
    const broken = database.db.transaction().execute(async (trx) => {
      await breakIt(trx);
      await expect(expectSound(trx, { groupCap: 1 })).rejects.toThrow(rule);
      throw undo;
    });
    await expect(broken).rejects.toBe(undo);
  });
});
