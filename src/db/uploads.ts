/** Leases of uploads in progress. One that has run out belonged to a server that is gone. */
import type { Db, Trx } from './database.ts';
import type { DiskPlace } from './manifests.ts';

/** Takes the lease; false when another upload of this disk has it. */
export async function beginUpload(trx: Trx, disk: DiskPlace, server: string, leaseUntil: number): Promise<boolean> {
  const inserted = await trx
    .insertInto('uploads')
    .values({ image: disk.image, disk: disk.index, server, lease_until: leaseUntil })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** False when the lease is gone: the image was deleted, or the upload was taken for dead. */
export async function renewUpload(db: Db, disk: DiskPlace, server: string, leaseUntil: number): Promise<boolean> {
  const renewed = await db
    .updateTable('uploads')
    .set({ lease_until: leaseUntil })
    .where('image', '=', disk.image)
    .where('disk', '=', disk.index)
    .where('server', '=', server)
    .executeTakeFirst();
  return renewed.numUpdatedRows === 1n;
}

/** Gives the lease back; false when it was gone already. */
export async function endUpload(trx: Trx, disk: DiskPlace, server: string): Promise<boolean> {
  const ended = await trx
    .deleteFrom('uploads')
    .where('image', '=', disk.image)
    .where('disk', '=', disk.index)
    .where('server', '=', server)
    .executeTakeFirst();
  return ended.numDeletedRows === 1n;
}

/** Uploads whose server is gone: their lease has run out, or they are an earlier life of this very server. */
export async function listDeadUploads(db: Db, now: number, server: string | undefined): Promise<(DiskPlace & { server: string })[]> {
  return await db
    .selectFrom('uploads')
    .select(['image', 'disk as index', 'server'])
    .where(({ eb, or }) => or([eb('lease_until', '<', now), ...(server === undefined ? [] : [eb('server', '=', server)])]))
    .execute();
}
