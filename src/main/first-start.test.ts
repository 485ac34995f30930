import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { ensureRegions } from '../db/regions.ts';
import { findAdministeringAccount } from '../db/tenants/accounts.ts';
import { listProjects } from '../db/tenants/projects.ts';
import { listUsers } from '../db/tenants/users.ts';
import { createSecretBox } from '../lib/secret-box.ts';
import { ensureTenants, firstKeyNotice } from './first-start.ts';

describe('ensureTenants', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
    await ensureRegions(database.db, ['north', 'south']);
  });
  afterEach(() => database.close());

  const secrets = createSecretBox(randomBytes(32));

  function start() {
    return ensureTenants({ db: database.db, clock: { now: () => 7 }, random: randomBytes, secrets });
  }

  it('makes one account with one owner, and tells his key once, however many servers start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, start));
    const [key, ...others] = keys.filter((each) => each !== undefined);
    expect(key?.secret).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(others).toEqual([]);
    const account = await findAdministeringAccount(database.db);
    expect(account).toMatchObject({ name: 'default', administers: true });
    const users = await listUsers(database.db, account?.id ?? '', { limit: 10 });
    expect(users).toMatchObject([{ id: key?.userId, name: 'owner', role: 'owner' }]);
    expect(await start()).toBeUndefined();
  });

  it('keeps the account that runs the installation, whatever it is called by now', async () => {
    await start();
    await database.db.updateTable('accounts').set({ name: 'platform' }).execute();
    expect(await start()).toBeUndefined();
    const accounts = await database.db.selectFrom('accounts').select('name').execute();
    expect(accounts).toEqual([{ name: 'platform' }]);
  });

  it('gives the account of an installation that is older than users its owner', async () => {
    const account = {
      id: '11111111-2222-4333-8444-555555555555',
      name: 'default',
      created_at: 1,
      number: 1234567890123456,
    };
    await database.db
      .insertInto('accounts')
      .values({ ...account, administers: true })
      .execute();
    expect(await start()).toBeDefined();
    const [user] = await listUsers(database.db, account.id, { limit: 1 });
    expect(user?.role).toBe('owner');
  });

  it('gives every account a project in a region that is new', async () => {
    await start();
    await ensureRegions(database.db, ['west']);
    await start();
    const account = await findAdministeringAccount(database.db);
    const projects = await listProjects(database.db, account?.id ?? '', { limit: 10 });
    expect(projects.map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ['north', true],
      ['south', true],
      ['west', true],
    ]);
  });
});

it('shows the key with how to log in', () => {
  const notice = firstKeyNotice({ id: 'MK0', secret: 'hush' }, 'mimeo-data/token');
  expect(notice).toContain('mimeo login --server URL --access-key MK0');
  expect(notice).toMatch(/secret +hush\n/);
  expect(notice).toContain('mimeo-data/token');
});
