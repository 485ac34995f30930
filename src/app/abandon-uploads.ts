/** Uploads that come to nothing: the image waits for its bytes anew, and what was stored of them is condemned (D1). */
import { condemnUnused } from '../db/condemn.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { detachManifest } from '../db/manifests.ts';
import { endUpload, listExpiredUploads, type Upload } from '../db/uploads.ts';
import type { AppContext } from './context.ts';

/** Ends the upload, unless it has ended or another attempt goes on with it. */
export async function abandonUpload(trx: Trx, upload: Upload, now: number): Promise<void> {
  await holdImage(trx, upload.image);
  if (!(await endUpload(trx, upload))) return;
  await detachManifest(trx, upload);
  await moveImage(trx, upload.image, 'upload-ended', now);
  await condemnUnused(trx, [upload.manifest], now);
}

/** Ends the uploads that nobody has gone on with in time; returns how many. */
export async function abandonExpiredUploads({ db, clock }: Pick<AppContext, 'db' | 'clock'>): Promise<number> {
  const expired = await listExpiredUploads(db, clock.now());
  for (const upload of expired) await inTransaction(db, (trx) => abandonUpload(trx, upload, clock.now()));
  return expired.length;
}
