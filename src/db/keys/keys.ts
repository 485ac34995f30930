/** The rows of keys. */
import { type SqlBool, sql } from 'kysely';
import { isUuid } from '../../domain/ids.ts';
import type { Key, KeyService, KeyState } from '../../domain/key.ts';
import type { Db, Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

/** The account's keys; a deleted one is none. */
function selectKeys(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('keys')
    .innerJoin('regions', 'regions.number', 'keys.region')
    .select([
      'keys.id',
      'keys.account as accountId',
      'regions.id as region',
      'keys.state',
      'keys.origin',
      'keys.description',
      'keys.is_default as isDefault',
      'keys.version',
      'keys.created_at as createdAt',
      'keys.deletion_at as deletionAt',
      sql<string[]>`ARRAY(SELECT name FROM key_aliases WHERE key = keys.id ORDER BY name)`.as('aliases'),
      sql<KeyService[]>`ARRAY(SELECT service FROM key_grants WHERE key = keys.id ORDER BY service)`.as('grants'),
    ])
    .where('keys.account', '=', accountId)
    .where('keys.state', '<>', 'deleted')
    .$narrowType<{ state: KeyState }>();
}

/**
 * The account's key of this id or alias. Regions may have aliases of the same name: without a region only a name that one key
 * alone has will do.
 */
export async function findKey(
  db: Db | Trx,
  accountId: string,
  idOrAlias: string,
  region?: string,
): Promise<Key | undefined> {
  return only(await selectNamed(db, accountId, idOrAlias, region).execute());
}

/** As {@link findKey}, and nobody else changes it until the transaction ends. */
export async function lockKey(
  trx: Trx,
  accountId: string,
  idOrAlias: string,
  region?: string,
): Promise<Key | undefined> {
  return only(await selectNamed(trx, accountId, idOrAlias, region).forNoKeyUpdate('keys').execute());
}

function selectNamed(db: Db | Trx, accountId: string, idOrAlias: string, region: string | undefined) {
  const keys = selectKeys(db, accountId).limit(2);
  if (isUuid(idOrAlias)) return keys.where('keys.id', '=', idOrAlias);
  const named = keys.where(({ exists, selectFrom }) =>
    exists(
      selectFrom('key_aliases')
        .select('key_aliases.key')
        .whereRef('key_aliases.key', '=', 'keys.id')
        .where('key_aliases.account', '=', accountId)
        .where('key_aliases.name', '=', idOrAlias),
    ),
  );
  return region === undefined ? named : named.where('regions.id', '=', region);
}

function only<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}

export async function findDefaultKey(db: Db | Trx, accountId: string, region: string): Promise<Key | undefined> {
  return await selectKeys(db, accountId)
    .where('regions.id', '=', region)
    .where('keys.is_default', '=', true)
    .executeTakeFirst();
}

export interface KeyFilter {
  readonly region?: string | undefined;
  /** Any of these. */
  readonly states?: readonly KeyState[] | undefined;
}

/** Newest first. */
export async function listKeys(
  db: Db,
  accountId: string,
  { region, states, after, limit }: KeyFilter & PageRequest,
): Promise<Key[]> {
  let query = selectKeys(db, accountId);
  if (region !== undefined) query = query.where('regions.id', '=', region);
  if (states !== undefined) query = query.where(sql<SqlBool>`keys.state = any(${states}::text[])`);
  if (after !== undefined) {
    query = query.where(sql<SqlBool>`(keys.created_at, keys.id) < (${after.value}, ${after.id}::uuid)`);
  }
  return await query.orderBy('keys.created_at', 'desc').orderBy('keys.id', 'desc').limit(limit).execute();
}

/** How many the account has in the region. Nobody adds one until the transaction ends: the account's row is locked. */
export async function lockKeyCount(trx: Trx, accountId: string, region: string): Promise<number> {
  await trx.selectFrom('accounts').select('id').where('id', '=', accountId).forNoKeyUpdate().execute();
  const { count } = await trx
    .selectFrom('keys')
    .innerJoin('regions', 'regions.number', 'keys.region')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('keys.account', '=', accountId)
    .where('regions.id', '=', region)
    .where('keys.state', '<>', 'deleted')
    .executeTakeFirstOrThrow();
  return count;
}

/** Without aliases and grants. False for a default key where the region has one. */
export async function insertKey(trx: Trx, key: Omit<Key, 'aliases' | 'grants'>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('keys')
    .values(({ selectFrom }) => ({
      id: key.id,
      account: key.accountId,
      region: selectFrom('regions').select('number').where('regions.id', '=', key.region),
      state: key.state,
      origin: key.origin,
      description: key.description,
      is_default: key.isDefault,
      version: key.version,
      created_at: key.createdAt,
      deletion_at: key.deletionAt,
    }))
    .onConflict((conflict) => conflict.columns(['account', 'region']).where(sql<SqlBool>`is_default`).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export type KeyChanges = Partial<Pick<Key, 'state' | 'description' | 'version' | 'deletionAt'>>;

export async function updateKey(trx: Trx, id: string, { deletionAt, ...changes }: KeyChanges): Promise<void> {
  const set = { ...changes, ...(deletionAt !== undefined && { deletion_at: deletionAt }) };
  await trx.updateTable('keys').set(set).where('id', '=', id).execute();
}

/** By what the key's material is known from now on: the digest that was the first to come, which is returned. */
export async function claimMaterial(trx: Trx, id: string, digest: Uint8Array): Promise<Uint8Array> {
  const { material_digest } = await trx
    .updateTable('keys')
    .set(({ fn, val }) => ({ material_digest: fn.coalesce('material_digest', val(Buffer.from(digest))) }))
    .where('id', '=', id)
    .returning('material_digest')
    .executeTakeFirstOrThrow();
  return material_digest as Buffer;
}

export interface DueKey extends Pick<Key, 'id' | 'accountId' | 'region' | 'description'> {
  readonly isDeleted: boolean;
}

/**
 * Keys whose time has come, and then those that are deleted and not destroyed yet, the longest overdue first: however many of these
 * cannot be destroyed, no key outlives its time.
 */
export async function listDueKeys(db: Db, now: number, limit: number): Promise<DueKey[]> {
  return await db
    .selectFrom('keys')
    .innerJoin('regions', 'regions.number', 'keys.region')
    .select(({ eb }) => [
      'keys.id',
      'keys.account as accountId',
      'regions.id as region',
      'keys.description',
      eb('keys.state', '=', 'deleted').$castTo<boolean>().as('isDeleted'),
    ])
    .where(sql<SqlBool>`keys.state IN ('pending-deletion', 'deleted') AND NOT keys.destroyed`)
    .where('keys.deletion_at', '<=', now)
    .orderBy(sql`keys.state = 'deleted'`)
    .orderBy('keys.deletion_at')
    .limit(limit)
    .execute();
}

/** Makes a key deleted whose time has come; false when that is not so, or not so any more. */
export async function markDeleted(trx: Trx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('keys')
    .set({ state: 'deleted' })
    .where('id', '=', id)
    .where('state', '=', 'pending-deletion')
    .where('deletion_at', '<=', now)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function markDestroyed(db: Db, id: string): Promise<void> {
  await db.updateTable('keys').set({ destroyed: true }).where('id', '=', id).execute();
}

/** Of these keys those that can be used. */
export async function keepEnabled(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db
    .selectFrom('keys')
    .select('id')
    .where(sql<SqlBool>`id = any(${ids}::uuid[])`)
    .where('state', '=', 'enabled')
    .execute();
  return new Set(rows.map(({ id }) => id));
}
