/** Accounts for tests, and who calls in them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Caller } from '../../src/app/context.ts';
import type { Db } from '../../src/db/database.ts';
import { insertAccount } from '../../src/db/tenants/accounts.ts';
import { ensureProjects } from '../../src/db/tenants/projects.ts';
import { insertUser } from '../../src/db/tenants/users.ts';
import { newAccountNumber, newUuid } from '../../src/domain/ids.ts';
import type { Account, User } from '../../src/domain/tenants.ts';

/** An owner of the account; `overrides` make somebody else of him. */
export function callerOf(
  account: Pick<Account, 'id' | 'name' | 'number'> & Partial<Pick<Account, 'administers'>>,
  overrides: Partial<Caller> = {},
): Caller {
  return {
    kind: 'user',
    accountId: account.id,
    accountName: account.name,
    accountNumber: account.number,
    administers: account.administers ?? false,
    role: 'owner',
    userId: null,
    name: 'owner',
    accessKeyId: null,
    sessionId: null,
    agency: null,
    projects: null,
    projectId: null,
    temporary: false,
    origin: { protocol: 'native', requestId: randomUUID(), address: '127.0.0.1' },
    ...overrides,
  };
}

/** An account with its default projects in all regions that there are, and its owner, who is returned. */
export async function createTenant(
  db: Db,
  name = `tenant-${randomUUID()}`,
  { administers = false }: { readonly administers?: boolean } = {},
): Promise<Caller> {
  const createdAt = Date.now();
  const number = newAccountNumber(randomBytes);
  const account: Account = { id: randomUUID(), name, number, administers, createdAt, disabledAt: null };
  const accountId = account.id;
  const times = { createdAt, disabledAt: null };
  const owner: User = { id: randomUUID(), accountId, name: 'owner', role: 'owner', ...times, hasPassword: false };
  await db.transaction().execute(async (trx) => {
    if (!(await insertAccount(trx, account))) throw new Error(`there is an account ${name} already`);
    await insertUser(trx, owner);
    await ensureProjects(trx, () => newUuid(randomBytes), createdAt, accountId);
  });
  return callerOf(account, { userId: owner.id });
}
