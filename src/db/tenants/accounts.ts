/** The rows of accounts. They are never deleted, since their events stay. */
import { sql } from 'kysely';
import { isUuid } from '../../domain/ids.ts';
import type { Account } from '../../domain/tenants.ts';
import { breaksConstraint, type Db, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectAccounts(db: Db | Trx) {
  return db
    .selectFrom('accounts')
    .select(['id', 'name', 'number', 'administers', 'created_at as createdAt', 'disabled_at as disabledAt']);
}

function selectAccount(db: Db | Trx, idOrNumberOrName: string) {
  const accounts = selectAccounts(db);
  if (isUuid(idOrNumberOrName)) return accounts.where('id', '=', idOrNumberOrName);
  if (/^\d{16}$/.test(idOrNumberOrName)) return accounts.where('number', '=', Number(idOrNumberOrName));
  return accounts.where('name', '=', idOrNumberOrName);
}

/** The account of this id, number or name; a name looks like neither of the others (`checkAccountName`). */
export async function findAccount(db: Db | Trx, idOrNumberOrName: string): Promise<Account | undefined> {
  return await selectAccount(db, idOrNumberOrName).executeTakeFirst();
}

/** The account that the user of this id belongs to. */
export async function findAccountOfUser(db: Db | Trx, userId: string): Promise<Account | undefined> {
  return await selectAccounts(db)
    .where('id', '=', ({ selectFrom }) => selectFrom('users').select('account').where('users.id', '=', userId))
    .executeTakeFirst();
}

/** Names by ids; of ids that are no account's there is nothing. */
export async function findAccountNames(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('accounts')
    .select(['id', 'name'])
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** As {@link findAccount}, and nobody else changes it or who owns it until the transaction ends. */
export async function lockAccount(trx: Trx, idOrNumberOrName: string): Promise<Account | undefined> {
  return await selectAccount(trx, idOrNumberOrName).forNoKeyUpdate().executeTakeFirst();
}

/** The one whose owners run the installation; undefined before the first start has made it. */
export async function findAdministeringAccount(db: Db | Trx): Promise<Account | undefined> {
  return await selectAccounts(db).where('administers', '=', true).orderBy('created_at').limit(1).executeTakeFirst();
}

/** By name, which is unique. */
export async function listAccounts(db: Db, { after, limit }: PageRequest): Promise<Account[]> {
  let query = selectAccounts(db);
  if (after !== undefined) query = query.where('name', '>', String(after.value));
  return await query.orderBy('name').limit(limit).execute();
}

/** False when an account has the name. */
export async function insertAccount(db: Db | Trx, account: Account): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('accounts')
    .values({
      id: account.id,
      name: account.name,
      number: account.number,
      administers: account.administers,
      created_at: account.createdAt,
      disabled_at: account.disabledAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** False when another account has the name. */
export async function updateAccount(
  trx: Trx,
  id: string,
  changes: { readonly name: string; readonly disabledAt: number | null },
): Promise<boolean> {
  try {
    const values = { name: changes.name, disabled_at: changes.disabledAt };
    await trx.updateTable('accounts').set(values).where('id', '=', id).execute();
    return true;
  } catch (error) {
    if (breaksConstraint(error, 'accounts_name_key')) return false;
    throw error;
  }
}
