/**
 * Disks that images get after they were made, when it is known what they measure. What that takes more, or less, is charged to
 * the account's quotas in the same transaction. The transaction must hold the image, and the account's part of the region.
 */
import { sql } from 'kysely';
import type { Disk } from '../domain/image.ts';
import { charge, giveBack } from './account-regions.ts';
import type { Trx } from './database.ts';
import { type DiskOwner, diskRow, type NewDisk, snapshotRow } from './new-images.ts';
import { dropUnused } from './snapshots.ts';

/** Gives the image the disk, with a snapshot of its own. */
export async function insertDisk(trx: Trx, image: DiskOwner, disk: NewDisk): Promise<void> {
  const { size: bytes } = disk;
  await trx
    .with('charged', () => sql<Record<string, never>>`(${charge(image, { images: 0, snapshots: 1, bytes })})`)
    .with('counted', (part) =>
      part
        .updateTable('images')
        .set(({ eb }) => ({ quota_bytes: eb('quota_bytes', '+', bytes) }))
        .where('id', '=', image.id),
    )
    .with('disk', (part) => part.insertInto('disks').values(diskRow(image, disk)))
    .insertInto('snapshots')
    .values(snapshotRow(image, disk))
    .execute();
}

/** Says anew what a disk without content is; its snapshot stays the same one. */
export async function changeDisk(
  trx: Trx,
  image: string,
  { index, role, format, size }: Pick<Disk, 'index' | 'role' | 'format' | 'size'>,
): Promise<void> {
  await sql`
    WITH before AS (SELECT size, snapshot FROM disks WHERE image = ${image} AND index = ${index}),
    disk AS (UPDATE disks SET role = ${role}, format = ${format}, size = ${size} WHERE image = ${image} AND index = ${index}),
    held AS (
      UPDATE snapshots SET role = ${role}, format = ${format}, size = ${size} FROM before WHERE id = before.snapshot),
    counted AS (
      UPDATE images SET quota_bytes = quota_bytes + ${size} - before.size FROM before WHERE id = ${image}
      RETURNING account, region)
    UPDATE account_regions q SET bytes_used = bytes_used + ${size} - before.size FROM before, counted
    WHERE q.account = counted.account AND q.region = counted.region`.execute(trx);
}

/** Takes a disk without content away again, and its snapshot with it. */
export async function removeDisk(
  trx: Trx,
  image: string,
  { index, size }: Pick<Disk, 'index' | 'size'>,
): Promise<void> {
  const disks = await trx
    .deleteFrom('disks')
    .where('image', '=', image)
    .where('index', '=', index)
    .returning(['manifest', 'snapshot'])
    .execute();
  const snapshots = await dropUnused(trx, disks);
  const place = await trx
    .updateTable('images')
    .set(({ eb }) => ({ quota_bytes: eb('quota_bytes', '-', size) }))
    .where('id', '=', image)
    .returning(['account', 'region'])
    .executeTakeFirstOrThrow();
  await giveBack(trx, place, { snapshots, bytes: size });
}
