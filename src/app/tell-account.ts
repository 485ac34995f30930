import type { Db, Trx } from '../db/database.ts';
import { recordEvent } from '../db/events.ts';
import { actorOf } from '../domain/event.ts';
import type { DeedType } from '../domain/event-types.ts';
import type { Image } from '../domain/image.ts';
import type { Caller } from './context.ts';

/**
 * What is done with an image concerns another account too: its owner learns which account uses it, and for what, and who is
 * invited learns of that. It is an event of that account besides the caller's own; nothing when the two are one.
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
  const event = { outcome: 'succeeded', resource: { type: 'image', id }, origin: null, details: {} };
  await recordEvent(db, { ...event, type, region, accountId, actor }, now);
}
