/** The rows of access keys. Their secrets are sealed before they come here. */
import { type SqlBool, sql } from 'kysely';
import type { AccessKey, User } from '../../domain/tenants.ts';
import type { Db, Trx } from '../database.ts';

/** Those that have not expired at `now`: an expired one is only waiting to be deleted. */
function selectAccessKeys(db: Db | Trx, now: number) {
  return db
    .selectFrom('access_keys')
    .select([
      'access_keys.id',
      'access_keys.user as userId',
      'access_keys.description',
      'access_keys.created_at as createdAt',
      'access_keys.disabled_at as disabledAt',
      'access_keys.expires_at as expiresAt',
      'access_keys.last_used_at as lastUsedAt',
    ])
    .where(sql<SqlBool>`(access_keys.expires_at IS NULL OR access_keys.expires_at > ${now})`);
}

/** The user's, oldest first. */
export async function listAccessKeys(db: Db | Trx, userId: string, now: number): Promise<AccessKey[]> {
  return await selectAccessKeys(db, now)
    .where('user', '=', userId)
    .orderBy('created_at')
    .orderBy('access_keys.id')
    .execute();
}

type Holder = Pick<User, 'id' | 'name' | 'role'>;

interface HeldKey {
  readonly key: AccessKey;
  readonly user: Holder;
}

function selectHeldKey(db: Db | Trx, accountId: string, id: string, now: number) {
  return selectAccessKeys(db, now)
    .innerJoin('users', 'users.id', 'access_keys.user')
    .select(['users.name as userName', 'users.role as userRole'])
    .where('access_keys.id', '=', id)
    .where('users.account', '=', accountId);
}

type HeldRow = AccessKey & { readonly userName: string; readonly userRole: User['role'] };

function toHeldKey(row: HeldRow | undefined): HeldKey | undefined {
  if (row === undefined) return undefined;
  const { userName, userRole, ...key } = row;
  return { key, user: { id: key.userId, name: userName, role: userRole } };
}

/** A key of one of the account's users, with whose it is. */
export async function findAccessKey(db: Db, accountId: string, id: string, now: number): Promise<HeldKey | undefined> {
  return toHeldKey(await selectHeldKey(db, accountId, id, now).executeTakeFirst());
}

/** As {@link findAccessKey}; that user is locked until the transaction ends. */
export async function lockAccessKey(
  trx: Trx,
  accountId: string,
  id: string,
  now: number,
): Promise<HeldKey | undefined> {
  return toHeldKey(await selectHeldKey(trx, accountId, id, now).forNoKeyUpdate().executeTakeFirst());
}

export async function insertAccessKey(trx: Trx, key: AccessKey, sealedSecret: Buffer): Promise<void> {
  await trx
    .insertInto('access_keys')
    .values({
      id: key.id,
      user: key.userId,
      description: key.description,
      secret: sealedSecret,
      created_at: key.createdAt,
      disabled_at: key.disabledAt,
      expires_at: key.expiresAt,
      last_used_at: key.lastUsedAt,
    })
    .execute();
}

export async function updateAccessKey(
  trx: Trx,
  { id, description, disabledAt, expiresAt }: Pick<AccessKey, 'id' | 'description' | 'disabledAt' | 'expiresAt'>,
): Promise<void> {
  await trx
    .updateTable('access_keys')
    .set({ description, disabled_at: disabledAt, expires_at: expiresAt })
    .where('id', '=', id)
    .execute();
}

/** Deletes the key with the sessions that were made with it. */
export async function deleteAccessKey(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('access_keys').where('id', '=', id).execute();
}

/** Writes down that the key was used at `now`, unless that was done after `since` or is being done. */
export async function noteAccessKeyUse(db: Db, id: string, since: number, now: number): Promise<void> {
  await sql`
    UPDATE access_keys SET last_used_at = ${now} WHERE id = (
      SELECT id FROM access_keys WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at <= ${since})
      FOR NO KEY UPDATE SKIP LOCKED)`.execute(db);
}
