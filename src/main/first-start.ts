/** What an installation cannot be without: an account that runs it, with an owner, and projects in every region. */
import type { AppContext } from '../app/context.ts';
import type { NewAccessKey } from '../app/tenants/access-keys.ts';
import { makeAccount, makeOwner } from '../app/tenants/accounts.ts';
import { inTransaction } from '../db/database.ts';
import { findAdministeringAccount, lockAccount } from '../db/tenants/accounts.ts';
import { ensureProjects } from '../db/tenants/projects.ts';
import { listUsers } from '../db/tenants/users.ts';
import { newUuid } from '../domain/ids.ts';

/**
 * Makes what is missing of it. Returns the owner's key when this start made him, which of all starts, and of several servers
 * that start at once, is one.
 */
export async function ensureTenants(
  context: Pick<AppContext, 'db' | 'clock' | 'random' | 'secrets'>,
): Promise<NewAccessKey | undefined> {
  const { db, clock, random } = context;
  const newId = () => newUuid(random);
  const key = await inTransaction(db, async (trx) => {
    const known = await findAdministeringAccount(trx);
    const made = known ?? (await makeAccount(context, trx, { id: newId(), name: 'default', administers: true }));
    // Another server may have made it since we looked.
    const account = made ?? (await findAdministeringAccount(trx));
    if (account === undefined) throw new Error('the account default exists and does not administer the installation');
    await lockAccount(trx, account.id);
    const [user] = await listUsers(trx, account.id, { limit: 1 });
    return user === undefined ? (await makeOwner(context, trx, account.id)).accessKey : undefined;
  });
  await ensureProjects(db, newId, clock.now());
  return key;
}

/** For the terminal, not for the log: what is written there is kept. */
export function firstKeyNotice({ id, secret }: Pick<NewAccessKey, 'id' | 'secret'>, tokenFile: string): string {
  return `
This is the first start: the account "default" was made, with the owner "owner". This access key is shown once:

  access key  ${id}
  secret      ${secret}

With it, log in from anywhere; the secret is asked for:

  mimeo login --server URL --access-key ${id}

Here there is no need to: who can read ${tokenFile} is an owner, too,
and makes another key with \`mimeo access-key create --user owner\`.

`;
}
