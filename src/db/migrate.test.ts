import { sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { migrate, NewerSchemaError } from './migrate.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  onTestFinished(() => database.close());
});

it('is safe from ten servers at once, of which one does it', async () => {
  const servers = Array.from({ length: 10 }, () => database.open(1));
  const applied = await Promise.all(servers.map((db) => migrate(db)));
  expect(applied.flat()).toEqual(['0001_core']);
  expect(await database.db.selectFrom('copies').selectAll().execute()).toEqual([]);
});

it('applies nothing the second time, and keeps what is stored', async () => {
  expect(await migrate(database.db)).toEqual(['0001_core']);
  await database.db.insertInto('regions').values({ id: 'kept' }).execute();
  expect(await migrate(database.db)).toEqual([]);
  expect(await database.db.selectFrom('regions').select('id').execute()).toEqual([{ id: 'kept' }]);
});

it('refuses a database that a newer version has migrated, and changes nothing in it', async () => {
  await migrate(database.db);
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_of_the_future', '2100')`.execute(database.db);
  await expect(migrate(database.db)).rejects.toBeInstanceOf(NewerSchemaError);
  await expect(migrate(database.db)).rejects.toThrow(/newer version of Mimeo; start that version/);
});
