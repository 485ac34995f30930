/** The rows of keys' versions, with what the key provider needs to know of each. */
import type { KeyVersionFacts } from '../../domain/key.ts';
import type { Db, Trx } from '../database.ts';

/** A version as the key provider is told of it. */
export interface VersionMaterial {
  readonly key: string;
  readonly version: number;
  readonly material: Uint8Array;
}

export async function insertVersion(
  trx: Trx,
  { key, version, material }: VersionMaterial,
  createdAt: number,
): Promise<void> {
  await trx
    .insertInto('key_versions')
    .values({ key, version, material: Buffer.from(material), created_at: createdAt })
    .execute();
}

export async function readVersion(db: Db | Trx, key: string, version: number): Promise<VersionMaterial> {
  return await db
    .selectFrom('key_versions')
    .select(['key', 'version', 'material'])
    .where('key', '=', key)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
}

/** Newest first. */
export async function listVersions(
  db: Db,
  key: string,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
): Promise<KeyVersionFacts[]> {
  let query = db.selectFrom('key_versions').select(['version', 'created_at as createdAt']).where('key', '=', key);
  if (before !== undefined) query = query.where('version', '<', before);
  return await query.orderBy('version', 'desc').limit(limit).execute();
}

/** Leaves the rows, which data keys refer to, and nothing in them that could open one. */
export async function eraseVersions(trx: Trx, key: string): Promise<void> {
  await trx
    .updateTable('key_versions')
    .set({ material: Buffer.alloc(0) })
    .where('key', '=', key)
    .execute();
}
