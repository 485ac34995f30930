import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { inTransaction } from './database.ts';
import { listSnapshots, listSnapshotsCounted } from './snapshot-list.ts';
import { listResourceTags } from './tags.ts';
import { listTasks } from './task-list.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ connections: 1 });
  onTestFinished(() => database.close());
});

async function prepared(): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`SELECT statement FROM pg_prepared_statements`.execute(database.db);
  return rows.map(({ statement }) => statement);
}

it('prepares what has parameters, once', async () => {
  const { db } = database;
  for (let number = 0; number < 3; number++)
    await db.selectFrom('regions').select('id').where('id', '=', 'x').execute();
  await sql`SELECT 1`.execute(db);
  expect(await prepared()).toEqual(['select "id" from "regions" where "id" = $1']);
});

it('plans lists anew, whose filters callers choose', async () => {
  const { db } = database;
  await db.selectFrom('regions').select('number').where('id', '=', 'x').limit(3).execute();
  expect(await prepared()).toEqual([]);
});

it('keeps nothing of lists that differ in all that a caller may choose, counted ones and their counts', async () => {
  const { db } = database;
  const account = randomUUID();
  const page = { offset: 0, limit: 1 };
  const choices = {
    region: 'north',
    createdSince: 1,
    createdUntil: 2,
    createdAfter: 1,
    createdBefore: 2,
    projects: [account],
  };
  for (let number = 0; number < 64; number++) {
    const chosen = Object.fromEntries(Object.entries(choices).filter((_, bit) => number & (1 << bit)));
    const tags = Array.from({ length: number % 3 }, (_, key) => ({ key: String(key), value: null }));
    const filter = { projects: null, ...chosen, tags };
    await listTasks(db, account, { ...filter, ...page });
    await listSnapshots(db, account, { ...filter, limit: 1 });
    await listSnapshotsCounted(db, account, filter, page);
    await listResourceTags(db, account, { ...filter, type: 'image', limit: 1 });
  }
  expect(await prepared()).toEqual([]);
});

it('goes on when a table was changed under a statement: a transaction by itself, anything else with the next try', async () => {
  const { db } = database;
  const read = () => sql`SELECT * FROM regions WHERE id = ${'x'}`.execute(db);
  await read();
  await sql`ALTER TABLE regions ADD COLUMN added text`.execute(db);
  await expect(read()).rejects.toThrow('cached plan');
  expect((await read()).rows).toEqual([]);

  const readAll = () => inTransaction(db, (trx) => sql`SELECT * FROM regions WHERE number = ${1}`.execute(trx));
  await readAll();
  await sql`ALTER TABLE regions ADD COLUMN another text`.execute(db);
  expect((await readAll()).rows).toEqual([]);
});
