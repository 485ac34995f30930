import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { buildOnce } from './build-once.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('is built once, and asked with the values of each call, in a transaction as well', async () => {
  let built = 0;
  const ask = buildOnce((db, { text, numbers }: { readonly text: string; readonly numbers: readonly number[] }) => {
    built += 1;
    return db.selectNoFrom([
      sql<string>`${text}::text`.as('text'),
      sql<string>`'constant ' || ${'value'}::text`.as('constant'),
      sql<boolean>`2 = any(${numbers}::int[])`.as('hasTwo'),
    ]);
  });
  const { db } = database;
  const answers = [
    await ask(db, { text: 'one', numbers: [1, 2] }),
    await ask(db, { numbers: [], text: "'" }),
    await db.transaction().execute((trx) => ask(trx, { text: '', numbers: [2] })),
  ];
  expect(answers).toEqual([
    [{ text: 'one', constant: 'constant value', hasTwo: true }],
    [{ text: "'", constant: 'constant value', hasTwo: false }],
    [{ text: '', constant: 'constant value', hasTwo: true }],
  ]);
  expect(built).toBe(1);
});
