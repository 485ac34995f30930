import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { expectSound } from '../../test/support/check-invariants.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import type { Db } from './database.ts';
import { migrate, NewerSchemaError } from './migrate.ts';

const all = readdirSync(join(import.meta.dirname, 'migrations'))
  .map((file) => basename(file, '.sql'))
  .toSorted();

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

/** As the version did that knew these migrations alone. */
async function migrateTo(db: Db, names: readonly string[]): Promise<void> {
  const migrations: Record<string, Migration> = {};
  for (const name of names) {
    const text = await readFile(new URL(`./migrations/${name}.sql`, import.meta.url), 'utf8');
    migrations[name] = { up: async (at) => void (await sql.raw(text).execute(at)) };
  }
  await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
}

it('takes what the first version kept: projects, quotas, the keys of chunks', async () => {
  const { db } = database;
  await migrateTo(db, all.slice(0, 1));
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

it('makes a snapshot of each disk, and of a copy one that knows where it comes from', async () => {
  const { db } = database;
  await migrateTo(db, all.slice(0, 4));
  const [account, project, image, copy, failed, live, copied] = Array.from({ length: 7 }, () => randomUUID());
  await sql
    .raw(`
    INSERT INTO regions (id) VALUES ('north'), ('south');
    INSERT INTO accounts (id, name, created_at, number) VALUES ('${account}', 'default', 0, 1234567890123456);
    INSERT INTO projects (id, account, region, name, is_default, created_at)
      VALUES ('${project}', '${account}', 1, 'north', true, 0), (gen_random_uuid(), '${account}', 2, 'south', true, 0);
    INSERT INTO manifests (id, region, state, root, size, data_bytes, digest, chunk_account)
      VALUES ('${live}', 1, 'live', '', 100, 40, '', '${account}'), ('${copied}', 2, 'live', '', 100, 40, '', '${account}');
    INSERT INTO images (id, aliyun_id, jdcloud_id, account, region, name, description, kind, root_device, state,
                        source_image, created_at, updated_at, project, quota_bytes)
    SELECT made.id::uuid, 'm-' || made.id, 'img-' || made.id, '${account}', region, made.name, '', 'system-disk', 'cloud-disk',
           state, source::uuid, at, at, p.id, bytes
    FROM (VALUES ('${image}', 1, 'made', 'available', NULL, 7, 80), ('${copy}', 2, 'copied', 'available', '${image}', 8, 40),
                 ('${failed}', 1, 'lost', 'failed', NULL, 9, 0))
           AS made (id, region, name, state, source, at, bytes)
    JOIN projects p USING (region);
    INSERT INTO disks (image, index, role, format, size, manifest)
      VALUES ('${image}', 0, 'system', 'raw', 100, '${live}'), ('${image}', 1, 'data', 'qcow2', 100, '${live}'),
             ('${copy}', 0, 'system', 'raw', 100, '${copied}'), ('${failed}', 0, 'data', NULL, 7, NULL);
    INSERT INTO snapshots SELECT gen_random_uuid(), 's-' || image || index, 'snapshot-' || image || index, image, index FROM disks;
    INSERT INTO account_regions (account, region, images_used, snapshots_used, bytes_used)
      VALUES ('${account}', 1, 1, 2, 80), ('${account}', 2, 1, 1, 40);`)
    .execute(db);
  const before = await sql<{ id: string }>`SELECT id, image, disk FROM snapshots ORDER BY image, disk`.execute(db);
  await migrate(db);
  const disks = db.selectFrom('disks').select(['snapshot as id', 'image', 'index as disk']);
  expect(await disks.orderBy('image').orderBy('index').execute()).toEqual(before.rows);
  const { rows } = await sql`
    SELECT s.name, s.role, s.format, s.size, s.created_at, s.project = ${project} AS north, s.source, s.manifest
    FROM snapshots s JOIN disks d ON d.snapshot = s.id ORDER BY s.created_at, d.index`.execute(db);
  const made = { name: 'made', size: 100, created_at: 7, north: true, source: null, manifest: null };
  const source = { aliyunId: `s-${image}0`, jdcloudId: `snapshot-${image}0`, region: 'north', id: expect.any(String) };
  expect(rows).toEqual([
    { ...made, role: 'system', format: 'raw' },
    { ...made, role: 'data', format: 'qcow2' },
    { ...made, name: 'copied', role: 'system', format: 'raw', created_at: 8, north: false, source },
    { ...made, name: 'lost', role: 'data', format: null, size: 7, created_at: 9 },
  ]);
  await expectSound(db);
});

it('gives each task the third name of its image, if that is still there', async () => {
  const { db } = database;
  await migrateTo(db, all.slice(0, all.indexOf('0010_jdcloud')));
  const [account, project, image] = Array.from({ length: 3 }, () => randomUUID());
  await sql
    .raw(`
    INSERT INTO regions (id) VALUES ('north');
    INSERT INTO accounts (id, name, created_at, number) VALUES ('${account}', 'default', 0, 1234567890123456);
    INSERT INTO projects (id, account, region, name, is_default, created_at) VALUES ('${project}', '${account}', 1, 'north', true, 0);
    INSERT INTO images (id, aliyun_id, jdcloud_id, account, region, name, description, kind, root_device, state,
                        created_at, updated_at, project, quota_bytes)
    VALUES ('${image}', 'm-0', 'img-0', '${account}', 1, '', '', 'system-disk', 'cloud-disk', 'failed', 0, 0, '${project}', 0);
    INSERT INTO tasks (id, aliyun_id, account, region, kind, image, image_aliyun_id, project, objects, state, due_at,
                       bytes_total, created_at, finished_at, failure_code, failure_message)
    SELECT id, aliyun_id, '${account}', 1, 'import', image::uuid, 'm-0', '${project}', '[]', 'failed', 0, 0, 0, 0, 'internal', ''
    FROM (VALUES (gen_random_uuid(), 'tsk-0', '${image}'), (gen_random_uuid(), 'tsk-1', '${project}')) AS made (id, aliyun_id, image);`)
    .execute(db);
  await migrate(db);
  const tasks = await db.selectFrom('tasks').select('image_jdcloud_id').orderBy('aliyun_id').execute();
  expect(tasks).toEqual([{ image_jdcloud_id: 'img-0' }, { image_jdcloud_id: '' }]);
});

it('refuses a database that a newer version has migrated, and changes nothing in it', async () => {
  await migrate(database.db);
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_of_the_future', '2100')`.execute(database.db);
  await expect(migrate(database.db)).rejects.toBeInstanceOf(NewerSchemaError);
  await expect(migrate(database.db)).rejects.toThrow(/newer version of Mimeo; start that version/);
});
