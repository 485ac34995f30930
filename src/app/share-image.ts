import { findCopyOfSource } from '../db/copies.ts';
import type { Trx } from '../db/database.ts';
import { deleteMember, insertMember, readMembers } from '../db/image-members.ts';
import { changeImage } from '../db/images.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { type ImageMember, maxMembers } from '../domain/sharing.ts';
import { act, type Deed, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage, lockImage } from './find-image.ts';
import { findPlace } from './place-image.ts';
import { tellAccount } from './tell-account.ts';
import { requireAccount } from './tenants/require-account.ts';
import { refuseEncrypted, refuseUnsettled } from './unchanged-image.ts';

/** Who the caller's image is shared with. */
export async function listMembers(context: AppContext, caller: Caller, id: string): Promise<ImageMember[]> {
  const image = await findImage(context, caller, id, 'share.read');
  return await readMembers(context.db, image.id);
}

export interface ShareOptions extends Trial {
  /** Without asking it, as two of the clouds do; otherwise the image can be copied once the account has accepted it. */
  readonly accepted?: boolean;
  /** How many accounts it may be shared with in all. */
  readonly most?: number;
}

export interface ShareImageOptions extends ShareOptions {
  /** Id or name of the project of that account, in the image's region, that it is named by. */
  readonly project?: string | undefined;
}

/** Shares the image with another account, by id, number or name. */
export async function shareImage(
  context: AppContext,
  caller: Caller,
  id: string,
  account: string,
  { dryRun, ...options }: ShareImageOptions = {},
): Promise<ImageMember> {
  const deed: Deed = { action: 'image.share', resource: { type: 'image', id }, details: { account }, dryRun };
  return await changeOwnMembers(context, caller, deed, (trx, image) =>
    addMember(context, trx, caller, image, account, options),
  );
}

/** Takes the image away from an account; refused while a copy of that account's reads it. */
export async function unshareImage(
  context: AppContext,
  caller: Caller,
  id: string,
  account: string,
  { dryRun }: Trial = {},
): Promise<void> {
  const resource = { type: 'image', id };
  const deed: Deed = { action: 'image.share', resource, details: { account, unshared: true }, dryRun };
  await changeOwnMembers(context, caller, deed, async (trx, image) => {
    if (!(await removeMember(context, trx, image, account))) {
      throw new RefusalError('member.not-found', { image: image.id, account });
    }
  });
}

export interface MemberChanges {
  readonly add: readonly string[];
  /** Taken away before any is added; an account that the image is not shared with is passed over. */
  readonly remove: readonly string[];
}

export interface MemberChangeOptions extends ShareOptions {
  /** Refuses while the image is made, by a copy, an upload or an import, and while the account exports it. */
  readonly settled?: boolean | undefined;
  /** Refuses to share what everybody has already. */
  readonly unlessPublic?: boolean | undefined;
}

/** As {@link shareImage} and {@link unshareImage} for several accounts, all of it or nothing. */
export async function changeMembers(
  context: AppContext,
  caller: Caller,
  id: string,
  { add, remove }: MemberChanges,
  { dryRun, settled = false, unlessPublic = false, ...options }: MemberChangeOptions = {},
): Promise<void> {
  const details = { shared: add, unshared: remove };
  const deed: Deed = { action: 'image.share', resource: { type: 'image', id }, details, dryRun };
  await changeOwnMembers(context, caller, deed, async (trx, image) => {
    if (unlessPublic && image.visibility === 'public') {
      throw new RefusalError('image.shared', { image: image.id, visibility: image.visibility });
    }
    if (settled) await refuseUnsettled(trx, caller, image);
    for (const account of remove) await removeMember(context, trx, image, account);
    for (const account of add) await addMember(context, trx, caller, image, account, options);
  });
}

/** Whether the image has its bytes already does not matter: nothing reads who its members are while it is made. */
async function changeOwnMembers<Result>(
  context: AppContext,
  caller: Caller,
  deed: Deed,
  change: (trx: Trx, image: Image) => Promise<Result>,
): Promise<Result> {
  return await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, deed.resource.id, 'image.share');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    return await change(trx, image);
  });
}

async function addMember(
  { clock }: AppContext,
  trx: Trx,
  caller: Caller,
  image: Image,
  account: string,
  { accepted = false, most = maxMembers, project }: ShareImageOptions,
): Promise<ImageMember> {
  const invited = await requireAccount(trx, account);
  if (invited.disabledAt !== null) throw new RefusalError('account.not-found', { account });
  if (invited.id === caller.accountId) throw new RefusalError('member.own', { image: image.id });
  const members = await readMembers(trx, image.id);
  await refuseEncrypted(trx, image);
  const isMember = members.some(({ accountId }) => accountId === invited.id);
  if (!isMember && members.length >= most) throw new RefusalError('member.limit', { image: image.id, limit: most });
  const now = clock.now();
  const status = accepted ? 'accepted' : 'pending';
  const named =
    project === undefined ? undefined : await findPlace(trx, { accountId: invited.id }, image.region, project);
  await insertMember(trx, { image: image.id, account: invited.id, status, project: named?.id }, now);
  if (!isMember) {
    await changeImage(trx, image.id, {}, now);
    await tellAccount(trx, caller, invited.id, { id: image.id, type: 'share.offered', region: image.region }, now);
  }
  const member = (await readMembers(trx, image.id)).find(({ accountId }) => accountId === invited.id);
  return member as ImageMember;
}

/** False when it was no member. */
async function removeMember({ clock }: AppContext, trx: Trx, image: Image, account: string): Promise<boolean> {
  const member = await requireAccount(trx, account);
  if ((await findCopyOfSource(trx, image.id, member.id)) !== undefined) {
    throw new RefusalError('image.being-copied', { image: image.id, copy: null });
  }
  const removed = await deleteMember(trx, image.id, member.id);
  if (removed) await changeImage(trx, image.id, {}, clock.now());
  return removed;
}
