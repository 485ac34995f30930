import { type ImageFilter, listImages as listImageRows } from '../db/images.ts';
import type { Image } from '../domain/image.ts';
import type { AppContext, Caller } from './context.ts';

/** The caller's images, newest first. A region that is not configured simply has none. */
export function listImages(context: AppContext, caller: Caller, filter: ImageFilter): Promise<Image[]> {
  return listImageRows(context.db, caller.accountId, filter);
}
