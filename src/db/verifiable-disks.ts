/** Every disk whose bytes should all be there, for a walk through the stores. */
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface DiskToVerify {
  readonly image: string;
  readonly disk: number;
  readonly region: string;
  readonly size: number;
  readonly manifestId: string;
  readonly root: Uint8Array;
  /** Whose key the chunk ids are made with. */
  readonly accountId: string;
}

/** At most `limit` disks after `last` that can be read, of one image or of all. */
export async function listDisksToVerify(
  db: Db,
  image: string | undefined,
  last: Pick<DiskToVerify, 'image' | 'disk'> | undefined,
  limit: number,
): Promise<DiskToVerify[]> {
  let query = db
    .selectFrom('disks')
    .innerJoin('images', 'images.id', 'disks.image')
    .innerJoin('regions', 'regions.number', 'images.region')
    .innerJoin('manifests', 'manifests.id', 'disks.manifest')
    .select([
      'disks.image',
      'disks.index as disk',
      'regions.id as region',
      'disks.size',
      'manifests.id as manifestId',
      'manifests.root',
      sql<string>`coalesce(manifests.chunk_account, images.account)`.as('accountId'),
    ])
    .where('images.state', 'in', ['available', 'deprecated'])
    .where('manifests.root', 'is not', null)
    .$narrowType<{ root: Buffer }>();
  if (image !== undefined) query = query.where('disks.image', '=', image);
  if (last !== undefined)
    query = query.where(sql<boolean>`(disks.image, disks.index) > (${last.image}::uuid, ${last.disk})`);
  return await query.orderBy('disks.image').orderBy('disks.index').limit(limit).execute();
}
