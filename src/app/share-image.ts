import { findCopyOfSource } from '../db/copies.ts';
import { deleteMember, insertMember, readMembers } from '../db/image-members.ts';
import { changeImage } from '../db/images.ts';
import { RefusalError } from '../domain/refusal.ts';
import { type ImageMember, maxMembers } from '../domain/sharing.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage, lockImage } from './find-image.ts';
import { tellAccount } from './tell-account.ts';
import { requireAccount } from './tenants/require-account.ts';

/** Who the caller's image is shared with. */
export async function listMembers(context: AppContext, caller: Caller, id: string): Promise<ImageMember[]> {
  const image = await findImage(context, caller, id, 'share.read');
  return await readMembers(context.db, image.id);
}

/**
 * Shares the image with another account, by id, number or name. `accepted`: without asking it, as two of the clouds do;
 * otherwise the image can be copied once the account has accepted it.
 */
export async function shareImage(
  context: AppContext,
  caller: Caller,
  id: string,
  account: string,
  { accepted = false }: { readonly accepted?: boolean } = {},
): Promise<ImageMember> {
  const deed = { action: 'image.share', resource: { type: 'image', id }, details: { account } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, id, 'image.share');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    const invited = await requireAccount(trx, account);
    if (invited.disabledAt !== null) throw new RefusalError('account.not-found', { account });
    if (invited.id === caller.accountId) throw new RefusalError('member.own', { image: image.id });
    const members = await readMembers(trx, image.id);
    const isMember = members.some(({ accountId }) => accountId === invited.id);
    if (!isMember && members.length >= maxMembers) {
      throw new RefusalError('member.limit', { image: image.id, limit: maxMembers });
    }
    const now = context.clock.now();
    const status = accepted ? 'accepted' : 'pending';
    await insertMember(trx, { image: image.id, account: invited.id, status }, now);
    if (!isMember) {
      await changeImage(trx, image.id, {}, now);
      await tellAccount(trx, caller, invited.id, { id: image.id, type: 'share.offered', region: image.region }, now);
    }
    const member = (await readMembers(trx, image.id)).find(({ accountId }) => accountId === invited.id);
    return member as ImageMember;
  });
}

/** Takes the image away from an account; refused while a copy of that account's reads it. */
export async function unshareImage(context: AppContext, caller: Caller, id: string, account: string): Promise<void> {
  const deed = {
    action: 'image.share',
    resource: { type: 'image', id },
    details: { account, unshared: true },
  } as const;
  await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, id, 'image.share');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    const member = await requireAccount(trx, account);
    if ((await findCopyOfSource(trx, image.id, member.id)) !== undefined) {
      throw new RefusalError('image.being-copied', { image: image.id, copy: null });
    }
    if (!(await deleteMember(trx, image.id, member.id))) {
      throw new RefusalError('member.not-found', { image: image.id, account });
    }
    await changeImage(trx, image.id, {}, context.clock.now());
  });
}
