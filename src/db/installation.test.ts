import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createTenant } from '../../test/support/tenants.ts';
import { inTransaction } from './database.ts';
import { claimInstallation, claimKeyProvider, OtherInstallationError, OtherKeyProviderError } from './installation.ts';
import { insertKey, markDestroyed } from './keys/keys.ts';
import { ensureRegions } from './regions.ts';

const check = randomBytes(32);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await claimInstallation(database.db, randomUUID(), check);
});
afterAll(() => database.close());

it('belongs to whoever claims it first, and lets nobody in with another master key', async () => {
  const other = randomBytes(32);
  await claimInstallation(database.db, randomUUID(), check);
  await expect(claimInstallation(database.db, randomUUID(), other)).rejects.toBeInstanceOf(OtherInstallationError);
  await expect(claimInstallation(database.db, randomUUID(), other)).rejects.toThrow(/copy its master.key/);
});

it('gives a region one number, however many ask for it at once, and keeps those that are named no more', async () => {
  const asked = Array.from({ length: 5 }, () => ensureRegions(database.db, ['north', 'south']));
  const [first, ...others] = await Promise.all(asked);
  for (const numbers of others) expect(numbers).toEqual(first);
  const later = await ensureRegions(database.db, ['south', 'west']);
  expect([...later.keys()].sort()).toEqual(['south', 'west']);
  expect(later.get('south')).toBe(first?.get('south'));
});

it('keeps its key provider from the first key to the end of the last', async () => {
  const { db } = database;
  for (const name of ['local', 'vault', 'local', 'vault']) await claimKeyProvider(db, name);
  await ensureRegions(db, ['north']);
  const { accountId } = await createTenant(db);
  const key = {
    id: randomUUID(),
    accountId,
    region: 'north',
    state: 'pending-import',
    origin: 'external',
    description: '',
    isDefault: false,
    version: 0,
    createdAt: 1,
    deletionAt: null,
  } as const;
  await inTransaction(db, (trx) => insertKey(trx, key));
  await claimKeyProvider(db, 'vault');
  await expect(claimKeyProvider(db, 'local')).rejects.toEqual(new OtherKeyProviderError('vault'));
  await db.updateTable('keys').set({ state: 'deleted', deletion_at: 1 }).execute();
  await expect(claimKeyProvider(db, 'local')).rejects.toThrow('start with keyProvider vault');
  await markDestroyed(db, key.id);
  await claimKeyProvider(db, 'local');
});
