/** Images that others share with the caller's account, and its answer to them. */

import { findCopyOfSource } from '../db/copies.ts';
import { answerMember, listShares as listShareRows, type Share, type ShareFilter } from '../db/image-members.ts';
import { lockImage } from '../db/images.ts';
import { type Cursor, toPage } from '../db/paging.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

export interface SharePage {
  readonly shares: readonly Share[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** Newest first. */
export async function listShares(
  context: AppContext,
  caller: Caller,
  query: Omit<ShareFilter, 'image'>,
): Promise<SharePage> {
  demand(caller, 'invitation.read');
  const rows = await listShareRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ createdAt, image }) => ({ value: createdAt, id: image.id }));
  return { shares: page, next };
}

/** The image of this UUID as it is shared with the account, whatever that has answered; undefined where it is not. */
export async function findShare(context: AppContext, caller: Caller, image: string): Promise<Share | undefined> {
  demand(caller, 'invitation.read');
  const [share] = await listShareRows(context.db, caller.accountId, { image, limit: 1 });
  return share;
}

/** Accepts or rejects an image that was shared with the account; it may think better of it at any time. */
export async function answerShare(
  context: AppContext,
  caller: Caller,
  id: string,
  status: 'accepted' | 'rejected',
): Promise<Share> {
  const deed = { action: 'share.answer', resource: { type: 'image', id }, details: { status } } as const;
  return await act(context, caller, deed, async (trx, done) => {
    const image = (await lockImage(trx, caller.accountId, id, 'update'))?.image;
    if (image === undefined) throw new RefusalError('share.not-found', { image: id });
    const copy = status === 'rejected' ? await findCopyOfSource(trx, image.id, caller.accountId) : undefined;
    if (copy !== undefined) throw new RefusalError('image.being-copied', { image: image.id, copy: copy.id });
    const answered = await answerMember(trx, image.id, caller.accountId, status, context.clock.now());
    const [share] = answered ? await listShareRows(trx, caller.accountId, { image: image.id, limit: 1 }) : [];
    if (share === undefined) throw new RefusalError('share.not-found', { image: id });
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    return share;
  });
}
