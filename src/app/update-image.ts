import { lockAccountRegion } from '../db/account-regions.ts';
import type { Trx } from '../db/database.ts';
import { deleteMembers, readMembers } from '../db/image-members.ts';
import { moveImage } from '../db/image-states.ts';
import { changeImage, type ImageChanges } from '../db/images.ts';
import type { Image } from '../domain/image.ts';
import { type AttributeChanges, changeAttributes } from '../domain/image-attributes.ts';
import { changeProperties, checkProperties, type PropertyChanges } from '../domain/image-properties.ts';
import { checkAttributes, checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, demand, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage, lockImage } from './find-image.ts';
import { findGroup, refuseTakenName } from './place-image.ts';
import {
  type Condition,
  checkRevision,
  refuseEncrypted,
  refuseUnsettled,
  refuseWhileCopied,
} from './unchanged-image.ts';

export interface ImageUpdate {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly attributes?: AttributeChanges | undefined;
  readonly properties?: PropertyChanges | undefined;
  /** All of them. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly protected?: boolean | undefined;
  readonly deprecated?: boolean | undefined;
  /** `private` leaves an image that is shared with accounts shared. */
  readonly visibility?: 'private' | 'public' | undefined;
  /** Id or name; null for none. */
  readonly resourceGroup?: string | null | undefined;
}

export interface UpdateOptions extends Condition, Trial {
  /** Refuses a name that another image of the account in the region has. */
  readonly uniqueName?: boolean | undefined;
  /** Name and description, if nothing else is given, may change while a copy reads the image: it took both when it was accepted. */
  readonly whileCopied?: boolean | undefined;
  /** Refuses while the image is made, by a copy, an upload or an import, and while the account exports it. */
  readonly settled?: boolean | undefined;
  /** Of an image that becomes public: takes it away from the accounts that it is shared with. */
  readonly unshares?: boolean | undefined;
}

/** Changes what is given, all of it or nothing; not while a copy reads the image, but for `whileCopied`. */
export async function updateImage(
  context: AppContext,
  caller: Caller,
  id: string,
  update: ImageUpdate,
  options: UpdateOptions = {},
): Promise<Image> {
  const given = Object.keys(withoutUndefined(update));
  const whileCopied = options.whileCopied && given.every((field) => field === 'name' || field === 'description');
  return await changeOwnImage(context, caller, id, { ...options, whileCopied }, async (trx, image, now) => {
    const { deprecated, visibility, resourceGroup, attributes, properties: texts, ...plain } = update;
    if (update.name !== undefined) checkImageName(update.name);
    if (update.description !== undefined) checkDescription(update.description);
    if (update.tags !== undefined) checkTags(update.tags);
    if (attributes !== undefined) checkAttributes(attributes);
    const properties = texts && changeProperties(image.properties, texts);
    if (properties !== undefined) checkProperties(properties);
    if (update.name !== undefined && options.uniqueName) {
      await lockAccountRegion(trx, image);
      await refuseTakenName(trx, { ...image, name: update.name });
    }
    const changes: ImageChanges = withoutUndefined({ ...plain, properties });
    if (visibility !== undefined) demand(caller, 'image.publish');
    if (visibility === 'public') await refuseEncrypted(trx, image);
    const unshared = visibility === 'public' && options.unshares ? await deleteMembers(trx, image.id) : [];
    const shared = visibility === 'private' && (await readMembers(trx, image.id)).length > 0;
    await changeImage(
      trx,
      image.id,
      {
        ...changes,
        ...(attributes === undefined ? {} : { attributes: changeAttributes(image.attributes, attributes) }),
        ...(visibility === undefined ? {} : { visibility: shared ? 'shared' : visibility }),
        ...(resourceGroup === undefined ? {} : { resourceGroupId: await findGroup(trx, caller, resourceGroup) }),
      },
      now,
    );
    const deprecates = deprecated !== undefined && deprecated !== (image.state === 'deprecated');
    if (deprecates && !(await moveImage(trx, image.id, deprecated ? 'deprecated' : 'restored', now))) {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    return { changed: given, ...(unshared.length === 0 ? {} : { unshared }) };
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
    return { changed: ['tags'] };
  });
}

/** Takes the tag away; it need not be there. */
export async function removeTag(context: AppContext, caller: Caller, id: string, key: string): Promise<Image> {
  return await changeOwnImage(context, caller, id, {}, async (trx, image, now) => {
    const { [key]: _, ...tags } = image.tags;
    await changeImage(trx, image.id, { tags }, now);
    return { changed: ['tags'] };
  });
}

/** What the event tells. */
interface ChangeDetails {
  /** Names of what was changed. */
  readonly changed: readonly string[];
  /** Accounts that the image was taken away from. */
  readonly unshared?: readonly string[];
}

/** Runs `change` on the locked image. */
async function changeOwnImage(
  context: AppContext,
  caller: Caller,
  id: string,
  { dryRun, whileCopied, settled, ...condition }: Omit<UpdateOptions, 'uniqueName' | 'unshares'>,
  change: (trx: Trx, image: Image, now: number) => Promise<ChangeDetails>,
): Promise<Image> {
  const resource = { type: 'image', id };
  return await act(context, caller, { action: 'image.update', resource, dryRun }, async (trx, deed) => {
    const image = await lockImage(trx, caller, id, 'image.update');
    Object.assign(deed, { resource: { type: 'image', id: image.id }, region: image.region });
    checkRevision(image, condition);
    if (!whileCopied) await refuseWhileCopied(trx, caller, image);
    if (settled) await refuseUnsettled(trx, caller, image);
    deed.details = { ...(await change(trx, image, context.clock.now())) };
    return await findImage({ db: trx }, caller, image.id);
  });
}

function withoutUndefined<Shape extends object>(
  shape: Shape,
): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;
}
