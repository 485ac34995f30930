/**
 * The keys of uploads that encrypt. Whether one may be used is asked when an upload begins, as it goes on and before it ends; a no
 * keeps it from going on, and what is stored stays for when the key can be used again.
 */
import { holdImage } from '../db/images.ts';
import { attachDataKey, type Upload } from '../db/uploads.ts';
import type { Image } from '../domain/image.ts';
import { isRefusal, RefusalError } from '../domain/refusal.ts';
import type { OpenDataKey } from '../kms/data-key.ts';
import type { AppContext } from './context.ts';
import { makeKey, openKey } from './image-data-keys.ts';
import { type KeyUser, useKey, type WantedKey } from './keys/use-key.ts';

/** A disk that is being stored. */
export interface KeyedUpload {
  readonly image: Image;
  readonly upload: Upload;
  /** Null where it is not encrypted. */
  readonly key: UploadKey | null;
}

export interface UploadKey extends WantedKey {
  /** Who brings the bytes. */
  readonly user: KeyUser;
  /** Id of the data key that an attempt before has made, null for none. */
  readonly dataKey: string | null;
}

/** What the disk is encrypted with; its data key is made in the first attempt. Asks the key provider, so in no transaction. */
export async function openUploadKey(
  context: AppContext,
  { image, upload, key }: KeyedUpload,
  signal: AbortSignal,
): Promise<OpenDataKey | null> {
  if (key === null) return null;
  const { user, dataKey, ...wanted } = key;
  if (dataKey !== null) return await openKey(context, user, { id: dataKey, image: image.id }, signal);
  const disk = { ...wanted, image: image.id, disk: upload.index };
  return await makeKey(context, user, disk, signal, async (trx, made) => {
    await holdImage(trx, image.id);
    if (!(await attachDataKey(trx, upload, made))) throw leaseLost(upload);
  });
}

/** Refuses what could not be encrypted any more. */
export async function requireUploadKey(context: AppContext, { image, key }: KeyedUpload): Promise<void> {
  if (key === null) return;
  const { user, dataKey: _, ...wanted } = key;
  await useKey(context, user, { ...wanted, image: image.id, purpose: 'encrypt' }, async () => {});
}

/** Whether the key is why: nothing is wrong with the bytes. */
export function isKeyRefusal(error: unknown): error is RefusalError {
  if (isRefusal(error, 'forbidden')) return error.facts.action === 'key.use';
  return error instanceof RefusalError && error.code.startsWith('key.');
}

export function leaseLost({ image, index: disk }: Upload): RefusalError {
  const reason = 'the image was deleted or the upload was taken over by another request';
  return new RefusalError('upload.malformed', { image, disk, reason });
}
