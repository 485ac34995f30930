import type { Db, Trx } from '../db/database.ts';
import { happenedSince, recordEvent } from '../db/events.ts';
import { actorOf } from '../domain/event.ts';
import type { DeedType } from '../domain/event-types.ts';
import type { Image } from '../domain/image.ts';
import type { Caller } from './context.ts';

/** One account's requests must not fill the log of another, nor what waits for its webhooks. */
const silenceMs = 3600 * 1000;

/**
 * What is done with an image concerns another account too: its owner learns which account uses it, and for what, and who is
 * invited learns of that. It is an event of that account besides the caller's own; nothing when the two are one, and nothing
 * when it was told the same (kind, image, region, by this account) within the hour. Two at the same moment may both be told.
 */
export async function tellAccount(
  db: Db | Trx,
  caller: Caller,
  accountId: string,
  { id, type, region }: Pick<Image, 'id' | 'region'> & { readonly type: DeedType },
  now: number,
): Promise<void> {
  if (accountId === caller.accountId) return;
  // Of the caller's account's own affairs, its users for instance, the other learns nothing.
  const actor = { ...actorOf(caller), name: caller.accountName, userId: null, accessKeyId: null };
  const told = { outcome: 'succeeded', resource: { type: 'image', id }, origin: null, details: {} };
  const event = { ...told, type, region, accountId, actor };
  if (!(await happenedSince(db, event, now - silenceMs))) await recordEvent(db, event, now);
}
