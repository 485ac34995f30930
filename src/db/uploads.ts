/**
 * Uploads, at most one of an image. While its lease runs a request is bringing bytes; after that it is parked, and whoever
 * resumes it begins a new attempt. A copy has one for each disk that it stores under other keys, without a lease: the
 * copy's holder has it. Every statement of an attempt names it, so that one that was taken for dead changes nothing.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import type { DiskPlace } from './manifests.ts';

/** What a disk is cut with (`CutParameters` of the store). All in bytes. */
export interface UploadCut {
  readonly minChunk: number;
  readonly meanChunk: number;
  readonly maxChunk: number;
  readonly segment: number;
}

export interface Upload extends DiskPlace {
  /** The pending manifest that it writes: another for each upload, also of the same disk. */
  readonly manifest: string;
  readonly attempt: number;
}

export interface FoundUpload extends Upload {
  readonly cut: UploadCut;
  /** Bytes from the disk's beginning that are stored for good. */
  readonly offset: number;
  readonly leaseUntil: number;
  readonly keepUntil: number;
}

export interface Lease {
  readonly leaseUntil: number;
  /** When the upload is given up unless somebody goes on with it. */
  readonly keepUntil: number;
}

function selectUploads(db: Db | Trx) {
  return db.selectFrom('uploads').select([
    'image',
    'disk as index',
    'manifest',
    'attempt',
    sql<UploadCut>`jsonb_build_object(
        'minChunk', min_chunk, 'meanChunk', mean_chunk, 'maxChunk', max_chunk, 'segment', segment
      )`.as('cut'),
    'lease_until as leaseUntil',
    'keep_until as keepUntil',
    sql<number>`coalesce((
        SELECT position + length FROM upload_segments WHERE manifest = uploads.manifest ORDER BY position DESC LIMIT 1
      ), 0)`.as('offset'),
  ]);
}

/** The image's upload, of whichever of its disks. */
export async function findUpload(db: Db | Trx, image: string): Promise<FoundUpload | undefined> {
  return await selectUploads(db).where('image', '=', image).executeTakeFirst();
}

/** The one that writes this manifest. */
export async function findUploadOf(trx: Trx, manifest: string): Promise<FoundUpload | undefined> {
  return await selectUploads(trx).where('manifest', '=', manifest).executeTakeFirst();
}

/** Begins the first attempt; the image must have no upload. */
export async function beginUpload(
  trx: Trx,
  { image, index, manifest }: Omit<Upload, 'attempt'>,
  { cut, server, leaseUntil, keepUntil }: Lease & { readonly cut: UploadCut; readonly server: string },
): Promise<Upload> {
  const row = {
    image,
    disk: index,
    manifest,
    attempt: 1,
    min_chunk: cut.minChunk,
    mean_chunk: cut.meanChunk,
    max_chunk: cut.maxChunk,
    segment: cut.segment,
    server,
    lease_until: leaseUntil,
    keep_until: keepUntil,
  };
  await trx.insertInto('uploads').values(row).execute();
  return { image, index, manifest, attempt: row.attempt };
}

/** Begins a further attempt of a parked upload. */
export async function resumeUpload(
  trx: Trx,
  { image, index, manifest }: Upload,
  { server, leaseUntil, keepUntil }: Lease & { readonly server: string },
): Promise<Upload> {
  const { attempt } = await trx
    .updateTable('uploads')
    .set(({ eb }) => ({
      attempt: eb('attempt', '+', 1),
      server,
      lease_until: leaseUntil,
      keep_until: keepUntil,
    }))
    .where('manifest', '=', manifest)
    .returning('attempt')
    .executeTakeFirstOrThrow();
  return { image, index, manifest, attempt };
}

/**
 * Says what the upload's disk is encrypted with, before any of its bytes are stored; false when it has ended, is another attempt's or
 * has a data key.
 */
export async function attachDataKey(trx: Trx, { manifest, attempt }: Upload, dataKey: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('manifests')
    .set({ data_key: dataKey })
    .from('uploads')
    .whereRef('uploads.manifest', '=', 'manifests.id')
    .where('manifests.id', '=', manifest)
    .where('manifests.data_key', 'is', null)
    .where('uploads.attempt', '=', attempt)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Sets the lease, which parks the upload if it ends now; false when the upload has ended or is another attempt's. */
export async function setLease(db: Db | Trx, upload: Upload, { leaseUntil, keepUntil }: Lease): Promise<boolean> {
  const renewed = await db
    .updateTable('uploads')
    .set({ lease_until: leaseUntil, keep_until: keepUntil })
    .where('manifest', '=', upload.manifest)
    .where('attempt', '=', upload.attempt)
    .executeTakeFirst();
  return renewed.numUpdatedRows === 1n;
}

/** Ends the upload, with its log; false when it has ended or is another attempt's. */
export async function endUpload(trx: Trx, { manifest, attempt }: Upload): Promise<boolean> {
  const ended = await trx
    .deleteFrom('uploads')
    .where('manifest', '=', manifest)
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return ended.numDeletedRows === 1n;
}

/** Ends the uploads of a copy that has failed, with their logs. */
export async function endUploadsOf(trx: Trx, image: string): Promise<void> {
  await trx.deleteFrom('uploads').where('image', '=', image).execute();
}

/** Ends the leases that an earlier life of this server had. */
export async function parkUploadsOf(db: Db, server: string, now: number): Promise<void> {
  await db
    .updateTable('uploads')
    .set({ lease_until: now })
    .where('server', '=', server)
    .where('lease_until', '>', now)
    .execute();
}

/** Parked uploads that nobody has gone on with in time. */
export async function listExpiredUploads(db: Db, now: number): Promise<Upload[]> {
  return await selectUploads(db).where('lease_until', '<=', now).where('keep_until', '<=', now).execute();
}
