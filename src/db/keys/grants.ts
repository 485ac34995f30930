/** The rows of grants: which services may use a key. */
import type { KeyGrant, KeyService } from '../../domain/key.ts';
import type { Db, Trx } from '../database.ts';

export async function listGrants(db: Db | Trx, key: string): Promise<KeyGrant[]> {
  return await db
    .selectFrom('key_grants')
    .select(['service', 'created_at as createdAt'])
    .where('key', '=', key)
    .orderBy('service')
    .execute();
}

/** Leaves one that there is. */
export async function insertGrant(trx: Trx, key: string, { service, createdAt }: KeyGrant): Promise<void> {
  await trx
    .insertInto('key_grants')
    .values({ key, service, created_at: createdAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** False when there was none. */
export async function deleteGrant(trx: Trx, key: string, service: KeyService): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('key_grants')
    .where('key', '=', key)
    .where('service', '=', service)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

export async function deleteGrantsOf(trx: Trx, key: string): Promise<void> {
  await trx.deleteFrom('key_grants').where('key', '=', key).execute();
}
