/** The rows of users. */
import { sql } from 'kysely';
import { isUuid } from '../../domain/ids.ts';
import type { User } from '../../domain/tenants.ts';
import { breaksConstraint, type Db, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectUsers(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('users')
    .select(['id', 'account as accountId', 'name', 'role', 'created_at as createdAt', 'disabled_at as disabledAt'])
    .select(sql<boolean>`password IS NOT NULL`.as('hasPassword'))
    .where('account', '=', accountId);
}

/** The account's user of this id or name; no name looks like an id (`checkUserName`). */
export async function findUser(db: Db | Trx, accountId: string, idOrName: string): Promise<User | undefined> {
  return await selectUsers(db, accountId)
    .where(isUuid(idOrName) ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
}

/** As {@link findUser}, with the row locked until the transaction ends. */
export async function lockUser(trx: Trx, accountId: string, idOrName: string): Promise<User | undefined> {
  return await selectUsers(trx, accountId)
    .where(isUuid(idOrName) ? 'id' : 'name', '=', idOrName)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** As {@link findUser}, with what is kept of the password; null: there is none. */
export async function findUserWithPassword(
  db: Db,
  accountId: string,
  idOrName: string,
): Promise<(User & { readonly password: string | null }) | undefined> {
  return await selectUsers(db, accountId)
    .select('password')
    .where(isUuid(idOrName) ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
}

/** What is kept of the user's password, which nobody changes until the transaction ends; null: there is none. */
export async function lockPassword(trx: Trx, id: string): Promise<string | null> {
  const row = await trx.selectFrom('users').select('password').where('id', '=', id).forShare().executeTakeFirst();
  return row?.password ?? null;
}

/** Null: nobody logs in as the user by password. */
export async function updatePassword(trx: Trx, id: string, password: string | null): Promise<void> {
  await trx.updateTable('users').set({ password }).where('id', '=', id).execute();
}

/** By name, which is unique. */
export async function listUsers(db: Db, accountId: string, { after, limit }: PageRequest): Promise<User[]> {
  let query = selectUsers(db, accountId);
  if (after !== undefined) query = query.where('name', '>', String(after.value));
  return await query.orderBy('name').limit(limit).execute();
}

/** The account's owners that are not disabled, the oldest first. */
export async function listActingOwners(db: Db | Trx, accountId: string): Promise<User[]> {
  return await selectUsers(db, accountId)
    .where('role', '=', 'owner')
    .where('disabled_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** False when the account has a user of this name. */
export async function insertUser(trx: Trx, user: User): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('users')
    .values({
      id: user.id,
      account: user.accountId,
      name: user.name,
      role: user.role,
      created_at: user.createdAt,
      disabled_at: user.disabledAt,
    })
    .onConflict((conflict) => conflict.columns(['account', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** False when another user of the account has the name. */
export async function updateUser(trx: Trx, { id, name, role, disabledAt }: User): Promise<boolean> {
  try {
    await trx.updateTable('users').set({ name, role, disabled_at: disabledAt }).where('id', '=', id).execute();
    return true;
  } catch (error) {
    if (breaksConstraint(error, 'users_account_name_key')) return false;
    throw error;
  }
}

/** Deletes the user with keys and sessions. */
export async function deleteUser(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('users').where('id', '=', id).execute();
}
