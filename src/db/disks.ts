/** The rows of disks: what the data plane needs to find and to write their bytes. */
import { sql } from 'kysely';
import type { DiskFormat } from '../domain/image.ts';
import type { Db, Trx } from './database.ts';

export interface DiskRow {
  readonly index: number;
  readonly size: number;
  readonly region: string;
  readonly manifestId: string | null;
  readonly manifestState: 'pending' | 'live' | 'condemned' | null;
  readonly root: Uint8Array | null;
  readonly digest: Uint8Array | null;
  readonly dataBytes: number | null;
  /** Whose key the chunk ids are made with. */
  readonly chunkAccountId: string;
  /** What it is encrypted with; null where it is not. */
  readonly dataKey: { readonly id: string; readonly key: string } | null;
}

/** The disks of an image, in order. */
export async function readDisks(db: Db | Trx, image: string): Promise<DiskRow[]> {
  return await db
    .selectFrom('disks')
    .innerJoin('images', 'images.id', 'disks.image')
    .innerJoin('regions', 'regions.number', 'images.region')
    .leftJoin('manifests', 'manifests.id', 'disks.manifest')
    .select([
      'disks.index',
      'disks.size',
      'regions.id as region',
      'manifests.id as manifestId',
      'manifests.state as manifestState',
      'manifests.root',
      'manifests.digest',
      'manifests.data_bytes as dataBytes',
      sql<string>`coalesce(manifests.chunk_account, images.account)`.as('chunkAccountId'),
      sql<DiskRow['dataKey']>`(
        SELECT jsonb_build_object('id', id, 'key', key) FROM data_keys WHERE id = manifests.data_key
      )`.as('dataKey'),
    ])
    .where('disks.image', '=', image)
    .orderBy('disks.index')
    .execute();
}

/** Lets the disk refer to a live manifest that another image of the region has too: a copy that moves no bytes. */
export async function shareManifest(trx: Trx, image: string, index: number, manifest: string): Promise<void> {
  await trx.updateTable('disks').set({ manifest }).where('image', '=', image).where('index', '=', index).execute();
}

/** Writes down what the disk's bytes turned out to be, and its snapshot with it. */
export async function setDiskFormat(trx: Trx, image: string, index: number, format: DiskFormat): Promise<void> {
  await trx
    .with('disk', (part) =>
      part
        .updateTable('disks')
        .set({ format })
        .where('image', '=', image)
        .where('index', '=', index)
        .returning('snapshot'),
    )
    .updateTable('snapshots')
    .set({ format })
    .where('id', 'in', ({ selectFrom }) => selectFrom('disk').select('snapshot'))
    .execute();
}
