import type { Trx } from '../db/database.ts';
import { readMembers } from '../db/image-members.ts';
import { changeImage, type ImageChanges, moveImage } from '../db/images.ts';
import type { Image } from '../domain/image.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage, lockImage } from './find-image.ts';
import { findGroup } from './place-image.ts';
import { type Condition, checkRevision, refuseWhileCopied } from './unchanged-image.ts';

export interface ImageUpdate {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** All of them. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly protected?: boolean | undefined;
  readonly deprecated?: boolean | undefined;
  /** `private` leaves an image that is shared with accounts shared. */
  readonly visibility?: 'private' | 'public' | undefined;
  /** Id or name; null for none. */
  readonly resourceGroup?: string | null | undefined;
}

/** Changes what is given, all of it or nothing; not while a copy reads the image. */
export async function updateImage(
  context: AppContext,
  caller: Caller,
  id: string,
  update: ImageUpdate,
  condition: Condition = {},
): Promise<Image> {
  return await changeOwnImage(context, caller, id, condition, async (trx, image, now) => {
    if (update.name !== undefined) checkImageName(update.name);
    if (update.description !== undefined) checkDescription(update.description);
    if (update.tags !== undefined) checkTags(update.tags);
    const { deprecated, visibility, resourceGroup, ...plain } = update;
    const changes: ImageChanges = { ...withoutUndefined(plain) };
    if (visibility !== undefined) demand(caller, 'image.publish');
    const shared = visibility === 'private' && (await readMembers(trx, image.id)).length > 0;
    await changeImage(
      trx,
      image.id,
      {
        ...changes,
        ...(visibility === undefined ? {} : { visibility: shared ? 'shared' : visibility }),
        ...(resourceGroup === undefined ? {} : { resourceGroupId: await findGroup(trx, caller, resourceGroup) }),
      },
      now,
    );
    const deprecates = deprecated !== undefined && deprecated !== (image.state === 'deprecated');
    if (deprecates && !(await moveImage(trx, image.id, deprecated ? 'deprecated' : 'restored', now))) {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    return Object.keys(withoutUndefined(update));
  });
}

/** Gives the image this tag; at most 20 in all. */
export async function setTag(
  context: AppContext,
  caller: Caller,
  id: string,
  tag: { readonly key: string; readonly value: string },
): Promise<Image> {
  return await changeOwnImage(context, caller, id, {}, async (trx, image, now) => {
    const tags = { ...image.tags, [tag.key]: tag.value };
    checkTags(tags);
    await changeImage(trx, image.id, { tags }, now);
    return ['tags'];
  });
}

/** Takes the tag away; it need not be there. */
export async function removeTag(context: AppContext, caller: Caller, id: string, key: string): Promise<Image> {
  return await changeOwnImage(context, caller, id, {}, async (trx, image, now) => {
    const { [key]: _, ...tags } = image.tags;
    await changeImage(trx, image.id, { tags }, now);
    return ['tags'];
  });
}

/** Runs `change` on the locked image; it returns the names of what it changed, for the event. */
async function changeOwnImage(
  context: AppContext,
  caller: Caller,
  id: string,
  condition: Condition,
  change: (trx: Trx, image: Image, now: number) => Promise<string[]>,
): Promise<Image> {
  const resource = { type: 'image', id };
  return await act(context, caller, { action: 'image.update', resource }, async (trx, deed) => {
    const image = await lockImage(trx, caller, id, 'image.update');
    Object.assign(deed, { resource: { type: 'image', id: image.id }, region: image.region });
    checkRevision(image, condition);
    await refuseWhileCopied(trx, caller, image);
    deed.details = { changed: await change(trx, image, context.clock.now()) };
    return await findImage({ db: trx }, caller, image.id);
  });
}

function withoutUndefined<Shape extends object>(
  shape: Shape,
): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;
}
