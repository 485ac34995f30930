/** How operations name an image: by its id of JD Cloud's kind, in the region that it lies in. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import type { Image } from '../../../domain/image.ts';
import { isRefusal, RefusalError } from '../../../domain/refusal.ts';
import { FaultError, type Occurring } from '../../shared/faults.ts';
import { imageFaults } from '../image-faults.ts';
import { required, text } from '../parameters.ts';

/** In a path. An id of another shape is answered as one that is not there. */
export const imageId = required(text({ rule: 'img- and 10 lower-case letters or digits' }));

/** The other ids of an image are for the clients of other clouds. */
export function isImageId(id: string): boolean {
  return /^img-[a-z0-9]{10}$/.test(id);
}

/** The image, if the caller may see it; otherwise, or if it lies elsewhere, it does not exist. */
export async function findVisibleImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
  id: string,
): Promise<Image> {
  const notFound = () => new RefusalError('image.not-found', { image: id });
  if (!isImageId(id)) throw notFound();
  const image = await findImage(context, caller, id);
  if (image.region !== region) throw notFound();
  return image;
}

/** As {@link findVisibleImage}, for what only its account may do; `notOwn`: what everybody else who sees it is told. */
export async function findOwnImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
  id: string,
  notOwn: Occurring = imageFaults.notUsable,
): Promise<Image> {
  const image = await findVisibleImage(context, caller, region, id);
  if (image.accountId !== caller.accountId) throw new FaultError(notOwn);
  return image;
}

/** Does `work` with these images; where a refusal has the UUID of one, it gets the id that the client knows. */
export async function namingImages<Result>(images: readonly Image[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RefusalError) || !('image' in error.facts)) throw error;
    const { facts } = error;
    const named = images.find(({ id }) => id === facts.image);
    if (named === undefined) throw error;
    throw new RefusalError(error.code, { ...facts, image: named.jdcloudId }, { cause: error });
  }
}

/** As {@link namingImages}; that one of them is encrypted is answered with this row, which names its first snapshot that is. */
export async function namingSnapshots<Result>(
  images: readonly Image[],
  encrypted: Occurring,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await namingImages(images, work);
  } catch (error) {
    if (!isRefusal(error, 'image.encrypted')) throw error;
    const { image } = error.facts;
    const disks = images.find(({ jdcloudId }) => jdcloudId === image)?.disks ?? [];
    const snapshot = disks.find(({ key }) => key !== null)?.snapshot.jdcloudId;
    throw new FaultError(encrypted, snapshot, { cause: error });
  }
}
