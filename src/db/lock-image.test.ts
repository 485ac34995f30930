import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { insertPlainImage } from '../../test/support/plain-image.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { Caller } from '../app/context.ts';
import { inTransaction } from './database.ts';
import { changeImage, lockImage } from './images.ts';
import { ensureRegions } from './regions.ts';

let database: TestDatabase;
let caller: Caller;
beforeAll(async () => {
  database = await createTestDatabase();
  await ensureRegions(database.db, ['north']);
  caller = await createTenant(database.db);
});
afterAll(() => database.close());

it.each(['share', 'update'] as const)(
  'a lock to %s that had to wait shows the image as it is by then',
  async (lock) => {
    const { db } = database;
    const tags = { stage: 'before' };
    const id = await inTransaction(db, (trx) => insertPlainImage(trx, caller, { region: 'north', tags }));
    let waiting: Promise<unknown> | undefined;
    await inTransaction(db, async (trx) => {
      await changeImage(trx, id, { name: 'after', tags: { stage: 'after' } }, 1);
      waiting = inTransaction(db, (other) => lockImage(other, caller.accountId, id, lock));
      expect(await Promise.race([waiting, sleep(100, 'waits')])).toBe('waits');
    });
    expect(await waiting).toMatchObject({ image: { id, name: 'after', tags: { stage: 'after' }, revision: 2 } });
    expect(await inTransaction(db, (trx) => lockImage(trx, caller.accountId, id, lock))).toMatchObject({
      image: { id, tags: { stage: 'after' } },
    });
  },
);
