/** What has to hold before an image is changed or deleted. */
import { findCopyOfSource } from '../db/copies.ts';
import type { Trx } from '../db/database.ts';
import { findTaskOfImage } from '../db/tasks.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
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

/** An image stays as it is while a copy reads it. Another account's copy is not named. */
export async function refuseWhileCopied(trx: Trx, caller: Caller, { id }: Image): Promise<void> {
  const copy = await findCopyOfSource(trx, id);
  if (copy === undefined) return;
  throw new RefusalError('image.being-copied', {
    image: id,
    copy: copy.accountId === caller.accountId ? copy.id : null,
  });
}

/** The bytes of an image that is imported come from the object store alone. The transaction must hold the image's lock. */
export async function refuseWhileImported(trx: Trx, { id, accountId }: Image): Promise<void> {
  const task = await findTaskOfImage(trx, id, accountId);
  if (task?.kind === 'import') throw new RefusalError('image.importing', { image: id, task: task.id });
}

/** As {@link refuseWhileImported}, for what an export of the caller's account does not allow either. */
export async function refuseWhileTasked(trx: Trx, caller: Pick<Caller, 'accountId'>, image: Image): Promise<void> {
  await refuseWhileImported(trx, image);
  const task = await findTaskOfImage(trx, image.id, caller.accountId);
  if (task !== undefined) throw new RefusalError('image.exporting', { image: image.id, task: task.id });
}
