import { findCopyOfSource } from '../db/copies.ts';
import { inTransaction } from '../db/database.ts';
import { deleteImageRows, lockImage } from '../db/images.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';

/**
 * Deletes an image. Its bytes are condemned in the same transaction (D1) unless other images need them too. Refused while
 * the image is being copied, or is itself the unfinished result of a copy, which is to be cancelled instead.
 */
export async function deleteImage(context: AppContext, caller: Caller, id: string): Promise<void> {
  await inTransaction(context.db, async (trx) => {
    const image = await lockImage(trx, caller.accountId, id, 'update');
    if (image === undefined) throw new RefusalError('image.not-found', { image: id });
    const unfinishedCopy = image.sourceImageId !== null && image.state === 'queued';
    if (unfinishedCopy || image.state === 'copying' || image.state === 'uploading') {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    const copy = await findCopyOfSource(trx, image.id);
    if (copy !== undefined) throw new RefusalError('image.being-copied', { image: image.id, copy });
    await deleteImageRows(trx, image.id, context.clock.now());
  });
}
