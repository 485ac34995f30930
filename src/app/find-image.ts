import { findImage as findImageRow } from '../db/images.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';

/** The caller's image of this id, any of its three; refuses with `image.not-found`. */
export async function findImage(context: AppContext, caller: Caller, id: string): Promise<Image> {
  const image = await findImageRow(context.db, caller.accountId, id);
  if (image === undefined) throw new RefusalError('image.not-found', { image: id });
  return image;
}
