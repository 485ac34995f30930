import { sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { inTransaction } from './database.ts';

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
