import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { expectSound } from '../../test/support/check-invariants.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import type { Db } from './database.ts';
import { migrate, NewerSchemaError } from './migrate.ts';

const all = ['0001_core', '0002_service', '0003_resumable_uploads', '0004_webhook_leases'];

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  onTestFinished(() => database.close());
});

it('is safe from ten servers at once, of which one does it', async () => {
  const servers = Array.from({ length: 10 }, () => database.open(1));
  const applied = await Promise.all(servers.map((db) => migrate(db)));
  expect(applied.flat()).toEqual(all);
  expect(await database.db.selectFrom('copies').selectAll().execute()).toEqual([]);
});

it('applies nothing the second time, and keeps what is stored', async () => {
  expect(await migrate(database.db)).toEqual(all);
  await database.db.insertInto('regions').values({ id: 'kept' }).execute();
  expect(await migrate(database.db)).toEqual([]);
  expect(await database.db.selectFrom('regions').select('id').execute()).toEqual([{ id: 'kept' }]);
});

it('takes what the first version kept: projects, quotas, the keys of chunks', async () => {
  const { db } = database;
  const first = await readFile(new URL('./migrations/0001_core.sql', import.meta.url), 'utf8');
  const provider = {
    getMigrations: async () => ({ '0001_core': { up: async (at: Db) => void (await sql.raw(first).execute(at)) } }),
  };
  await new Migrator({ db, provider }).migrateToLatest();
  const [account, image, failed, manifest] = Array.from({ length: 4 }, () => randomUUID());
  await sql
    .raw(`
    INSERT INTO regions (id) VALUES ('north'), ('south');
    INSERT INTO accounts VALUES ('${account}', 'default', 0);
    INSERT INTO manifests (id, region, state, root, size, data_bytes, digest) VALUES ('${manifest}', 1, 'live', '', 100, 40, '');
    INSERT INTO images (id, aliyun_id, jdcloud_id, account, region, name, description, kind, root_device, state, created_at, updated_at)
    SELECT id, id, id, '${account}', 1, 'old', '', 'system-disk', 'cloud-disk', state, 0, 0
    FROM (VALUES ('${image}'::uuid, 'available'), ('${failed}', 'failed')) AS made (id, state);
    INSERT INTO disks (image, index, role, size, manifest) VALUES ('${image}', 0, 'system', 100, '${manifest}'), ('${failed}', 0, 'system', 7, NULL);
    INSERT INTO snapshots SELECT image, image, image, image, 0 FROM disks;`)
    .execute(db);
  expect(await migrate(db)).toEqual(all.slice(1));
  expect(await db.selectFrom('account_regions').selectAll().execute()).toMatchObject([
    { account, region: 1, images_used: 1, snapshots_used: 1, bytes_used: 40, images_limit: null },
  ]);
  const projects = await db.selectFrom('projects').select(['name', 'is_default']).orderBy('name').execute();
  expect(projects).toEqual([
    { name: 'north', is_default: true },
    { name: 'south', is_default: true },
  ]);
  const { administers, number } = await db.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
  expect(administers).toBe(true);
  expect(`${number}`).toMatch(/^\d{16}$/);
  const { chunk_account } = await db.selectFrom('manifests').select('chunk_account').executeTakeFirstOrThrow();
  expect(chunk_account).toBe(account);
  await expectSound(db);
});

it('refuses a database that a newer version has migrated, and changes nothing in it', async () => {
  await migrate(database.db);
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_of_the_future', '2100')`.execute(database.db);
  await expect(migrate(database.db)).rejects.toBeInstanceOf(NewerSchemaError);
  await expect(migrate(database.db)).rejects.toThrow(/newer version of Mimeo; start that version/);
});
