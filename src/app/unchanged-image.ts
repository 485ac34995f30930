/** What has to hold before an image is changed or deleted. */
import { findCopyOfSource } from '../db/copies.ts';
import type { Trx } from '../db/database.ts';
import { isImageEncrypted } from '../db/encrypted-images.ts';
import { findTaskOfImage } from '../db/tasks.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { isChanging } from '../domain/states.ts';
import { taskRefusal } from '../domain/task.ts';
import type { Caller } from './context.ts';

export interface Condition {
  /** Only if this is still its revision. */
  readonly ifRevision?: number | undefined;
}

/** Refuses when somebody has changed the image since the caller read it. */
export function checkRevision({ id, revision }: Image, { ifRevision }: Condition): void {
  if (ifRevision !== undefined && ifRevision !== revision) {
    throw new RefusalError('precondition.failed', { image: id, revision });
  }
}

/**
 * An image stays as it is while a copy reads it, but for its name and description where a dialect lets these change: a copy has
 * both from the moment when it was accepted, and its job asks for neither. Another account's copy is not named.
 */
export async function refuseWhileCopied(trx: Trx, caller: Caller, { id }: Image): Promise<void> {
  const copy = await findCopyOfSource(trx, id);
  if (copy === undefined) return;
  throw new RefusalError('image.being-copied', {
    image: id,
    copy: copy.accountId === caller.accountId ? copy.id : null,
  });
}

/**
 * What is encrypted is its account's alone: nobody else can use the key. The transaction must hold the image's lock, which the copy
 * that makes it waits for.
 */
export async function refuseEncrypted(trx: Trx, { id }: Image): Promise<void> {
  if (await isImageEncrypted(trx, id)) throw new RefusalError('image.encrypted', { image: id });
}

/** The bytes of an image that is imported come from the object store alone. The transaction must hold the image's lock. */
export async function refuseWhileImported(trx: Trx, { id, accountId }: Image): Promise<void> {
  const task = await findTaskOfImage(trx, id, accountId);
  if (task?.kind === 'import') throw taskRefusal(id, task);
}

/** As {@link refuseWhileImported}, for what an export of the caller's account does not allow either. */
export async function refuseWhileTasked(
  trx: Trx,
  { accountId }: Pick<Caller, 'accountId'>,
  image: Image,
): Promise<void> {
  const task = await findTaskOfImage(trx, image.id, accountId);
  if (task !== undefined) throw taskRefusal(image.id, task);
}

/** As {@link refuseWhileTasked}, for what has to wait until the image has its bytes, wherever they come from. */
export async function refuseUnsettled(trx: Trx, caller: Pick<Caller, 'accountId'>, image: Image): Promise<void> {
  await refuseWhileTasked(trx, caller, image);
  if (isChanging(image.state)) throw new RefusalError('image.changing', { image: image.id, state: image.state });
}
