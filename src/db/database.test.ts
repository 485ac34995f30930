import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createTenant } from '../../test/support/tenants.ts';
import { type Db, inTransaction, isUnavailable, openDatabase, serverVersion, sqlState } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error,
  );
}

/** Ends every other connection to the database, as a restart of PostgreSQL does. */
async function endConnections(): Promise<void> {
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(database.db);
}

it('gives bigints as numbers, up to 2^53', async () => {
  const { rows } = await sql`SELECT 9007199254740991::bigint AS size, count(*) AS count FROM regions`.execute(
    database.db,
  );
  expect(rows).toEqual([{ size: Number.MAX_SAFE_INTEGER, count: 0 }]);
});

it('says which PostgreSQL it is', async () => {
  expect(await serverVersion(database.db)).toMatch(/^\d+\.\d+$/);
});

it('survives the loss of its connections, idle and in the middle of a transaction', async () => {
  const lost: Error[] = [];
  const db = openDatabase(database.address, 3, (error) => lost.push(error));
  onTestFinished(() => db.destroy());
  const idle = db.connection().execute(async (connection) => {
    await sql`SELECT 1`.execute(connection);
  });
  await idle;
  const error = await errorOf(
    db.transaction().execute(async (trx) => {
      await sql`SELECT 1`.execute(trx);
      await endConnections();
      await sql`SELECT pg_sleep(0.1)`.execute(trx);
    }),
  );
  expect(isUnavailable(error)).toBe(true);
  expect(lost.length).toBeGreaterThan(0);
  expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

it('knows a database that cannot be reached from a statement that is wrong', async () => {
  const nowhere = [
    { ...database.address, host: '/nonexistent' },
    { connectionString: 'postgres://mimeo@127.0.0.1:1/mimeo' },
  ].map((address) => openDatabase(address, 1, () => {}));
  for (const db of nowhere) {
    expect(isUnavailable(await errorOf(sql`SELECT 1`.execute(db)))).toBe(true);
    await db.destroy();
  }
  const wrong = await errorOf(sql`SELECT 1 FROM missing`.execute(database.db));
  expect(sqlState(wrong)).toBe('42P01');
  expect(isUnavailable(wrong)).toBe(false);
  expect(isUnavailable(new Error('something else'))).toBe(false);
});

it('runs a transaction again that met another one, and only then', async () => {
  const tenants = [await createTenant(database.db), await createTenant(database.db)];
  const ids = tenants.map(({ accountId }) => accountId).sort() as [string, string];
  await database.db.updateTable('accounts').set({ created_at: 0 }).execute();
  let tries = 0;
  const both = async (db: Db, [first, second]: readonly string[]) =>
    await inTransaction(db, async (trx) => {
      tries += 1;
      await trx
        .updateTable('accounts')
        .set(({ eb }) => ({ created_at: eb('created_at', '+', 1) }))
        .where('id', '=', first as string)
        .execute();
      await sql`SELECT pg_sleep(0.1)`.execute(trx);
      await trx
        .updateTable('accounts')
        .set(({ eb }) => ({ created_at: eb('created_at', '+', 1) }))
        .where('id', '=', second as string)
        .execute();
    });
  await Promise.all([both(database.db, ids), both(database.db, ids.toReversed())]);
  const rows = await database.db.selectFrom('accounts').select('created_at').where('id', 'in', ids).execute();
  expect(rows).toEqual([{ created_at: 2 }, { created_at: 2 }]);
  expect(tries).toBeGreaterThan(2);

  let failures = 0;
  await expect(
    inTransaction(database.db, async () => {
      failures += 1;
      throw new Error('a bug');
    }),
  ).rejects.toThrow('a bug');
  expect(failures).toBe(1);
});
