import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { until } from '../../test/support/installation.ts';
import { countConnections, type Db } from './database.ts';
import { isSchemaCurrent } from './migrate.ts';
import { ensureRegions } from './regions.ts';
import { readCopyStatistics, readStoreStatistics, readWorkStatistics } from './statistics.ts';

const now = 1_800_000_000_000;
let db: Db;
let open: (connections: number) => Db;
let regions: Map<string, number>;

beforeEach(async () => {
  const database = await createTestDatabase();
  ({ db, open } = database);
  regions = await ensureRegions(db, ['north', 'south']);
  return () => database.close();
});

async function addAccount(name: string): Promise<string> {
  const id = randomUUID();
  await sql`INSERT INTO accounts (id, name, created_at, number) VALUES (${id}, ${name}, 0, ${Math.trunc(Math.random() * 1e15)})`.execute(
    db,
  );
  for (const region of regions.values()) {
    await sql`INSERT INTO account_regions (account, region) VALUES (${id}, ${region})`.execute(db);
  }
  return id;
}

interface Copy {
  readonly state: string;
  readonly moved?: number;
  readonly total?: number;
  readonly to?: string;
  readonly createdAt?: number;
}

async function addCopies(
  account: string,
  count: number,
  { state, moved = 0, total = 0, to = 'south', createdAt = 0 }: Copy,
) {
  const finished = ['succeeded', 'failed', 'cancelled'].includes(state) ? now : null;
  await sql`
    INSERT INTO copies (id, account, source_image, source_region, destination_image, destination_region, state, server,
                        bytes_total, bytes_moved, created_at, finished_at)
    SELECT gen_random_uuid(), ${account}, gen_random_uuid(), ${regions.get('north')}, gen_random_uuid(), ${regions.get(to)},
           ${state}, gen_random_uuid(), ${total}, ${moved}, ${createdAt}, ${finished}::bigint
    FROM generate_series(1, ${count})`.execute(db);
}

it('counts copies by account and state, and puts all but the busiest accounts together', async () => {
  const [busy, old, little, idle] = [
    await addAccount('busy'),
    await addAccount('old'),
    await addAccount('little'),
    await addAccount('idle'),
  ];
  await addCopies(busy, 3, { state: 'running', moved: 100, total: 1000 });
  await addCopies(old, 5, { state: 'succeeded', moved: 200, total: 1000 });
  await addCopies(old, 1, { state: 'failed', moved: 50, total: 1000 });
  await addCopies(little, 2, { state: 'succeeded', moved: 1500, total: 1000 });
  await addCopies(idle, 1, { state: 'succeeded', total: 1000 });

  const { byAccount, movedBytes, deduplicatedBytes } = await readCopyStatistics(db, 2);
  expect(byAccount).toHaveLength(4);
  expect(byAccount).toEqual(
    expect.arrayContaining([
      { account: 'busy', state: 'running', count: 3 },
      { account: 'old', state: 'succeeded', count: 5 },
      { account: 'old', state: 'failed', count: 1 },
      { account: 'other', state: 'succeeded', count: 3 },
    ]),
  );
  expect(movedBytes).toBe(3 * 100 + 5 * 200 + 50 + 2 * 1500);
  expect(deduplicatedBytes).toBe(5 * 800 + 1000);
});

it('says what lies in each region, empty ones too', async () => {
  const account = await addAccount('a');
  const project = randomUUID();
  const north = regions.get('north');
  await sql`INSERT INTO packs (region, name, size, state, condemned_at) VALUES
    (${north}, '\\x01', 100, 'live', NULL), (${north}, '\\x02', 200, 'live', NULL),
    (${north}, '\\x03', 50, 'condemned', 1)`.execute(db);
  await sql`INSERT INTO projects (id, account, region, name, is_default, created_at)
    VALUES (${project}, ${account}, ${north}, 'p', true, 0)`.execute(db);
  await sql`INSERT INTO images (id, aliyun_id, jdcloud_id, account, region, project, name, description, kind, root_device,
    state, created_at, updated_at) VALUES (gen_random_uuid(), 'm-1', 'img-1', ${account}, ${north}, ${project}, 'n', '',
    'iso', 'cloud-disk', 'queued', 0, 0)`.execute(db);

  const [northern, southern] = await readStoreStatistics(db);
  expect(northern).toMatchObject({ region: 'north', images: [{ state: 'queued', count: 1 }] });
  expect(northern?.packs).toHaveLength(2);
  expect(northern?.packs).toContainEqual({ state: 'live', count: 2, size: 300 });
  expect(northern?.packs).toContainEqual({ state: 'condemned', count: 1, size: 50 });
  expect(southern).toEqual({ region: 'south', packs: [], images: [] });
});

it('says what waits, and for how long', async () => {
  const nothing = { waiting: 0, oldestSeconds: 0, uploads: 0 };
  expect(await readWorkStatistics(db, now)).toEqual({
    regions: [
      { region: 'north', ...nothing },
      { region: 'south', ...nothing },
    ],
    deliveries: 0,
    overdueSeconds: 0,
  });
  const account = await addAccount('a');
  await addCopies(account, 2, { state: 'queued', createdAt: now - 1500 });
  await addCopies(account, 1, { state: 'queued', createdAt: now - 90_500 });
  await addCopies(account, 1, { state: 'running', createdAt: now - 500_000 });
  await addCopies(account, 1, { state: 'succeeded', createdAt: now - 900_000 });
  // By the clock of another server.
  await addCopies(account, 1, { state: 'queued', to: 'north', createdAt: now + 5000 });
  const { regions: found } = await readWorkStatistics(db, now);
  expect(found).toEqual([
    { region: 'north', waiting: 1, oldestSeconds: 0, uploads: 0 },
    { region: 'south', waiting: 3, oldestSeconds: 90.5, uploads: 0 },
  ]);
});

it('counts the events that webhooks have not taken', async () => {
  const account = await addAccount('a');
  const webhook = randomUUID();
  await sql`INSERT INTO webhooks (id, account, url, description, secret, types, created_at)
    VALUES (${webhook}, ${account}, 'u', '', '', '{}', 0)`.execute(db);
  await sql`INSERT INTO events (at, account, type, outcome, actor_kind, actor_name, resource_type, resource_id, details)
    SELECT 0, ${account}, 't', 'succeeded', 'service', '', '', '', '{}' FROM generate_series(1, 3)`.execute(db);
  await sql`INSERT INTO webhook_deliveries (webhook, event, state, next_attempt_at, finished_at)
    SELECT ${webhook}, id, CASE WHEN row_number() OVER () = 1 THEN 'delivered' ELSE 'pending' END,
           ${now} - 1000 * row_number() OVER (), CASE WHEN row_number() OVER () = 1 THEN 1 END
    FROM events`.execute(db);
  expect(await readWorkStatistics(db, now)).toMatchObject({ deliveries: 2, overdueSeconds: 3 });
});

it('knows how the connections of a pool are used', async () => {
  const pool = open(2);
  expect(countConnections(pool)).toEqual({ total: 0, idle: 0, waiting: 0 });
  const waits = [1, 2, 3].map(() => sql`SELECT pg_sleep(0.05)`.execute(pool));
  await until(() => countConnections(pool).waiting === 1);
  expect(countConnections(pool)).toMatchObject({ total: 2, idle: 0 });
  await Promise.all(waits);
  expect(countConnections(pool)).toEqual({ total: 2, idle: 2, waiting: 0 });
});

it('knows a database that another version has migrated', async () => {
  expect(await isSchemaCurrent(db)).toBe(true);
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_future', '')`.execute(db);
  expect(await isSchemaCurrent(db)).toBe(false);
});
