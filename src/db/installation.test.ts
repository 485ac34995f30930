import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { claimInstallation, OtherInstallationError } from './installation.ts';
import { ensureRegions } from './regions.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('belongs to whoever claims it first, and lets nobody in with another master key', async () => {
  const [check, other] = [randomBytes(32), randomBytes(32)];
  await claimInstallation(database.db, randomUUID(), check);
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
