import type { Db, Trx } from '../db/database.ts';
import { lockImage as lockImageRow, findImage as readImage, type SeenImage } from '../db/images.ts';
import type { Action } from '../domain/authorization.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { demand } from './act.ts';
import type { Caller } from './context.ts';

/** The image of this id, any of its three, if the caller may do `action` to it; otherwise it does not exist. */
export async function findImage(
  context: { readonly db: Db | Trx },
  caller: Caller,
  id: string,
  action: Action = 'image.read',
): Promise<Image> {
  return allowed(caller, action, id, await readImage(context.db, caller.accountId, id)).image;
}

/** As {@link findImage}, in a transaction until whose end the image stays as it is. */
export async function lockImage(trx: Trx, caller: Caller, id: string, action: Action): Promise<Image> {
  return allowed(caller, action, id, await lockImageRow(trx, caller.accountId, id, 'update')).image;
}

/** As {@link lockImage}, for what is to be copied, which may be another account's: with `share` others may lock it so, too. */
export async function lockSource(trx: Trx, caller: Caller, id: string, lock: 'share' | 'update'): Promise<SeenImage> {
  return allowed(caller, 'copy.create', id, await lockImageRow(trx, caller.accountId, id, lock));
}

function allowed(caller: Caller, action: Action, id: string, seen: SeenImage | undefined): SeenImage {
  const notFound = () => new RefusalError('image.not-found', { image: id });
  if (seen === undefined) throw notFound();
  const { image, membership } = seen;
  const { accountId, projectId, visibility } = image;
  demand(caller, action, { accountId, projectId, visibility, membership }, notFound);
  return seen;
}
