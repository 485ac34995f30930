/** How actions name an image: by its id of Alibaba Cloud's kind, in the region that it lies in. */
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import type { Image } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import type { AliyunContext } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { isId } from './ids.ts';

export const imageParameters = { RegionId: required(text()), ImageId: required(text()) };

export interface ImageWanted {
  readonly RegionId: string;
  readonly ImageId: string;
}

/** The image, if the caller may see it; otherwise, or if it lies elsewhere, it does not exist. */
export async function findNamedImage(
  context: AliyunContext,
  caller: Caller,
  { RegionId, ImageId }: ImageWanted,
): Promise<Image> {
  requireRegion(context, RegionId);
  requireImageId(ImageId);
  const image = await findImage(context, caller, ImageId);
  if (image.region !== RegionId) throw new RefusalError('image.not-found', { image: ImageId });
  return image;
}

export function requireRegion({ regions }: AliyunContext, region: string): void {
  if (!regions.includes(region)) throw new RefusalError('region.not-found', { region });
}

export function requireImageId(id: string): void {
  if (!isId('image', id)) throw new RefusalError('image.not-found', { image: id });
}

/** As {@link findNamedImage}, but what others share with the caller does not exist for it: it is not the caller's to change. */
export async function findOwnImage(context: AliyunContext, caller: Caller, wanted: ImageWanted): Promise<Image> {
  const image = await findNamedImage(context, caller, wanted);
  if (image.accountId !== caller.accountId) throw new RefusalError('image.not-found', { image: wanted.ImageId });
  return image;
}
