/** The rows of data keys, each wrapped by a version of a key. */
import { sql } from 'kysely';
import type { DiskContext } from '../../domain/key.ts';
import type { Db, Trx } from '../database.ts';

export interface WrappedDataKey {
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly wrapped: Uint8Array;
  readonly context: DiskContext;
}

/**
 * False when the key cannot be used any more, or this version of it is no longer the newest; it stays as it is until the
 * transaction ends. So whoever re-wraps after a rotation finds every data key that an older version has wrapped.
 */
export async function insertDataKey(trx: Trx, dataKey: WrappedDataKey, now: number): Promise<boolean> {
  const { id, key, version, wrapped, context } = dataKey;
  const { numAffectedRows = 0n } = await sql`
    WITH usable AS (SELECT id FROM keys WHERE id = ${key} AND version = ${version} AND state = 'enabled' FOR SHARE)
    INSERT INTO data_keys (id, key, version, wrapped, context, created_at)
    SELECT ${id}, usable.id, ${version}, ${Buffer.from(wrapped)}, ${JSON.stringify(context)}::jsonb, ${now}
    FROM usable`.execute(trx);
  return numAffectedRows === 1n;
}

export async function findDataKey(db: Db | Trx, id: string): Promise<WrappedDataKey | undefined> {
  return await db
    .selectFrom('data_keys')
    .select(['id', 'key', 'version', 'wrapped', 'context'])
    .where('id', '=', id)
    .executeTakeFirst();
}

/** How many data keys of the key another version than its newest has wrapped. */
export async function countOutdated(db: Db | Trx, key: string, newest: number): Promise<number> {
  const { count } = await db
    .selectFrom('data_keys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('key', '=', key)
    .where('version', '<', newest)
    .executeTakeFirstOrThrow();
  return count;
}

/** Some of those after `last`, by version and id, all of one version. */
export async function listOutdated(
  db: Db,
  key: string,
  newest: number,
  last: Pick<WrappedDataKey, 'version' | 'id'> | undefined,
  limit: number,
): Promise<WrappedDataKey[]> {
  const beyond = last && sql`AND (version, id) > (${last.version}, ${last.id}::uuid)`;
  const { rows } = await sql<WrappedDataKey>`
    SELECT id, key, version, wrapped, context FROM data_keys
    WHERE key = ${key} AND version < ${newest} ${beyond ?? sql``}
    ORDER BY version, id LIMIT ${limit}`.execute(db);
  return rows.filter(({ version }) => version === rows[0]?.version);
}

/** Stores what another version has made of them, in one statement; leaves those that somebody else has re-wrapped meanwhile. */
export async function updateWrapped(
  trx: Trx,
  from: { readonly key: string; readonly version: number },
  to: number,
  items: readonly { readonly id: string; readonly wrapped: Uint8Array }[],
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    UPDATE data_keys d SET wrapped = made.wrapped, version = ${to}
    FROM unnest(${items.map(({ id }) => id)}::uuid[], ${items.map(({ wrapped }) => Buffer.from(wrapped))}::bytea[])
      AS made (id, wrapped)
    WHERE d.id = made.id AND d.key = ${from.key} AND d.version = ${from.version}`.execute(trx);
  return Number(numAffectedRows);
}
