/** Rights end while a task waits: what allowed it is looked at again each time that it is taken up, and when it ends. */
import type { Trx } from '../../db/database.ts';
import { findImage } from '../../db/images.ts';
import { findRequester } from '../../db/requester.ts';
import { type Action, may } from '../../domain/authorization.ts';
import { FailureError } from '../../domain/failure.ts';
import type { Image } from '../../domain/image.ts';
import type { Task } from '../../domain/task.ts';
import type { KeyUser } from '../keys/use-key.ts';

export interface Permitted {
  readonly image: Image;
  /** Who asked for the task, as he stands now. */
  readonly requester: KeyUser;
}

/** The image and whoever asked for the task, if he may still do this to it; fails with `not-permitted`. */
export async function requireRight(trx: Trx, task: Task, action: Action, now: number): Promise<Permitted> {
  const requester = await findRequester(trx, task.accountId, task.requestedBy, now);
  const seen = await findImage(trx, task.accountId, task.imageId);
  if (seen === undefined) throw new FailureError('source-gone', `image ${task.imageId} is no longer there`);
  const { image, membership } = seen;
  if (requester !== undefined && may(requester, action, { ...image, membership }) === 'yes') {
    return { image, requester: { ...requester, origin: null } };
  }
  throw new FailureError('not-permitted', 'whoever asked for it may not do so any more');
}
