import type { Db, Trx } from '../../db/database.ts';
import { findAccount } from '../../db/tenants/accounts.ts';
import { RefusalError } from '../../domain/refusal.ts';
import type { Account } from '../../domain/tenants.ts';

/** The account of this id, number or name; refuses with `account.not-found` when there is none. */
export async function requireAccount(db: Db | Trx, account: string): Promise<Account> {
  const found = await findAccount(db, account);
  if (found === undefined) throw new RefusalError('account.not-found', { account });
  return found;
}
