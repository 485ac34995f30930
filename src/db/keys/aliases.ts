/** The rows of aliases: names that keys have, each once an account and region. */
import type { KeyAlias } from '../../domain/key.ts';
import type { Db, Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

export interface AliasFilter {
  readonly region?: string | undefined;
  /** Id of the key. */
  readonly key?: string | undefined;
}

/** By name, and where two regions have the same by the keys' ids. */
export async function listAliases(
  db: Db,
  accountId: string,
  { region, key, after, limit }: AliasFilter & PageRequest,
): Promise<KeyAlias[]> {
  let query = db
    .selectFrom('key_aliases')
    .innerJoin('regions', 'regions.number', 'key_aliases.region')
    .select(['key_aliases.name', 'regions.id as region', 'key_aliases.key', 'key_aliases.created_at as createdAt'])
    .where('key_aliases.account', '=', accountId);
  if (region !== undefined) query = query.where('regions.id', '=', region);
  if (key !== undefined) query = query.where('key_aliases.key', '=', key);
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('key_aliases.name', 'key_aliases.key'), '>', tuple(String(after.value), after.id)),
    );
  }
  return await query.orderBy('key_aliases.name').orderBy('key_aliases.key').limit(limit).execute();
}

export async function countAliases(trx: Trx, key: string): Promise<number> {
  const { count } = await trx
    .selectFrom('key_aliases')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  return count;
}

/** False when a key of the account has the name in the region. */
export async function insertAlias(trx: Trx, accountId: string, alias: KeyAlias): Promise<boolean> {
  const { name, region, key, createdAt } = alias;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('key_aliases')
    .values(({ selectFrom }) => ({
      account: accountId,
      region: selectFrom('regions').select('number').where('regions.id', '=', region),
      name,
      key,
      created_at: createdAt,
    }))
    .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * Deletes the account's alias of this name; returns what it was, undefined when there was none. Regions may have the same name:
 * without a region only one that one region alone has will do.
 */
export async function deleteAlias(
  trx: Trx,
  accountId: string,
  name: string,
  region: string | undefined,
): Promise<KeyAlias | undefined> {
  let query = trx
    .selectFrom('key_aliases')
    .innerJoin('regions', 'regions.number', 'key_aliases.region')
    .select(['key_aliases.name', 'regions.id as region', 'key_aliases.key', 'key_aliases.created_at as createdAt'])
    .where('key_aliases.account', '=', accountId)
    .where('key_aliases.name', '=', name);
  if (region !== undefined) query = query.where('regions.id', '=', region);
  const [alias, ...others] = await query.limit(2).forUpdate('key_aliases').execute();
  if (alias === undefined || others.length > 0) return undefined;
  await trx.deleteFrom('key_aliases').where('key', '=', alias.key).where('name', '=', name).execute();
  return alias;
}

export async function deleteAliasesOf(trx: Trx, key: string): Promise<void> {
  await trx.deleteFrom('key_aliases').where('key', '=', key).execute();
}
