/** Leases of uploads in progress. One that has run out belonged to a server that is gone. */
import type { Db, Trx } from './database.ts';
import type { DiskPlace } from './manifests.ts';

export interface Upload extends DiskPlace {
  /** The pending manifest that it writes: another for each upload, also of the same disk. */
  readonly manifest: string;
  readonly server: string;
}

/** Takes the lease; false when another upload of this disk has it. */
export async function beginUpload(trx: Trx, upload: Upload, leaseUntil: number): Promise<boolean> {
  const { image, index, manifest, server } = upload;
  const inserted = await trx
    .insertInto('uploads')
    .values({ image, disk: index, manifest, server, lease_until: leaseUntil })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** False when the lease is gone: the upload was taken for dead. */
export async function renewUpload(db: Db, { manifest }: Upload, leaseUntil: number): Promise<boolean> {
  const renewed = await db
    .updateTable('uploads')
    .set({ lease_until: leaseUntil })
    .where('manifest', '=', manifest)
    .executeTakeFirst();
  return renewed.numUpdatedRows === 1n;
}

/** Gives the lease back; false when it was gone already. */
export async function endUpload(trx: Trx, { manifest }: Upload): Promise<boolean> {
  const ended = await trx.deleteFrom('uploads').where('manifest', '=', manifest).executeTakeFirst();
  return ended.numDeletedRows === 1n;
}

/** Uploads whose server is gone: their lease has run out, or they are an earlier life of this very server. */
export async function listDeadUploads(db: Db, now: number, server: string | undefined): Promise<Upload[]> {
  return await db
    .selectFrom('uploads')
    .select(['image', 'disk as index', 'manifest', 'server'])
    .where(({ eb, or }) =>
      or([eb('lease_until', '<', now), ...(server === undefined ? [] : [eb('server', '=', server)])]),
    )
    .execute();
}
