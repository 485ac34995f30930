import { inTransaction } from '../../db/database.ts';
import { recordEvent } from '../../db/events.ts';
import { findDefaultKey, insertKey } from '../../db/keys/keys.ts';
import { insertVersion } from '../../db/keys/versions.ts';
import { actorOf } from '../../domain/event.ts';
import { newUuid } from '../../domain/ids.ts';
import type { Key } from '../../domain/key.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { demand } from '../act.ts';
import type { AppContext } from '../context.ts';
import { createFirstVersion, discardKey } from './create-key.ts';
import { demandKeys } from './key-limits.ts';
import type { KeyUser } from './use-key.ts';

type DefaultKeyContext = Pick<
  AppContext,
  'db' | 'clock' | 'random' | 'keyProvider' | 'keyLimits' | 'logger' | 'regionNumbers'
>;

/** How long a request waits for the key provider, in which it may be made: clients wait 10 s for the answer. */
export const keyProviderMs = 5000;

/**
 * The key that the region's images of the account are encrypted with where no other is named. Made when it is first asked for,
 * by whoever may use keys: it takes no grant, and cannot be disabled or deleted.
 */
export async function defaultKey(
  context: DefaultKeyContext,
  user: KeyUser,
  region: string,
  signal: AbortSignal,
): Promise<Key> {
  demand(user, 'key.use');
  const { accountId } = user;
  if (!context.regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
  demandKeys(context.keyLimits, region);
  const found = await findDefaultKey(context.db, accountId, region);
  if (found !== undefined) return found;
  const id = newUuid(context.random);
  const material = await createFirstVersion(context, id, signal);
  // When this fails nobody knows whether the commit came before it, so nothing is destroyed: the key may be there, and in use.
  const key = await insert(context, user, region, id, material);
  if (key.id !== id) await discardKey(context, id);
  return key;
}

/** The one that is made, or that another request has made at the same time. */
async function insert(
  { db, clock }: DefaultKeyContext,
  user: KeyUser,
  region: string,
  id: string,
  material: Uint8Array,
): Promise<Key> {
  const { accountId, origin } = user;
  const createdAt = clock.now();
  const key = {
    id,
    accountId,
    region,
    state: 'enabled',
    origin: 'mimeo',
    description: '',
    isDefault: true,
    version: 1,
    createdAt,
    deletionAt: null,
  } as const;
  const details = { origin: 'mimeo', isDefault: true };
  const resource = { type: 'key', id };
  const actor = actorOf(user);
  return await inTransaction(db, async (trx) => {
    if (await insertKey(trx, key)) {
      await insertVersion(trx, { key: id, version: 1, material }, createdAt);
      const event = { accountId, type: 'key.create', outcome: 'succeeded', actor, resource, region, origin, details };
      await recordEvent(trx, event, createdAt);
    }
    const made = await findDefaultKey(trx, accountId, region);
    if (made === undefined) throw new Error(`account ${accountId} has no default key in region ${region}`);
    return made;
  });
}
