/** Whether a key may be used, and that it was. */
import type { Db, Trx } from '../../db/database.ts';
import { recordEvent } from '../../db/events.ts';
import { findKey as findKeyRow } from '../../db/keys/keys.ts';
import { actorOf, type NewEvent, type Origin } from '../../domain/event.ts';
import { FailureError } from '../../domain/failure.ts';
import type { Key, KeyPurpose, KeyService } from '../../domain/key.ts';
import { refuseClosed } from '../../domain/key-rules.ts';
import type { Principal } from '../../domain/principal.ts';
import { isRefusal, RefusalError } from '../../domain/refusal.ts';
import { demand } from '../act.ts';
import type { AppContext } from '../context.ts';
import { requireKey } from './find-key.ts';
import { demandEncrypting } from './key-limits.ts';

/** Who uses a key: a caller, or whoever asked for what a job does. */
export interface KeyUser extends Principal {
  readonly origin: Origin | null;
}

export interface WantedKey {
  /** Id or alias. */
  readonly key: string;
  /** Where it is to be used, which is where it has to lie; an alias is looked for there. */
  readonly region: string;
  /** The service that uses it for the account; undefined: the account's own people do. */
  readonly service?: KeyService | undefined;
}

/**
 * The key, if the user may use it there now. Asked when work is accepted, and again whenever the key is used: it may have been
 * disabled, and its grant taken away, meanwhile.
 */
export async function checkKey(db: Db | Trx, user: KeyUser, { key: id, region, service }: WantedKey): Promise<Key> {
  const { accountId } = user;
  demand(user, 'key.use');
  const key = await requireKey(db, accountId, id, findKeyRow, region);
  if (key.region !== region) throw new RefusalError('key.other-region', { key: key.id, region: key.region });
  refuseClosed(key);
  const { isDefault, grants } = key;
  if (service !== undefined && !isDefault && !grants.includes(service)) {
    throw new RefusalError('key.not-granted', { key: key.id, service });
  }
  return key;
}

/** As {@link checkKey}, to encrypt with it. Whoever may have no keys there is told so before anything of this one. */
export async function checkEncryptingKey(
  { keyLimits }: Pick<AppContext, 'keyLimits'>,
  db: Db | Trx,
  user: KeyUser,
  wanted: WantedKey,
): Promise<Key> {
  const { key, region } = wanted;
  const found = await findKeyRow(db, user.accountId, key, region);
  demandEncrypting(keyLimits, user, { region, isDefault: found?.isDefault ?? false });
  return await checkKey(db, user, wanted);
}

export interface KeyUse extends WantedKey {
  readonly purpose: KeyPurpose;
  /** For which image; null where a caller uses the key for itself. */
  readonly image: string | null;
}

/** The event of a use. `version`: null where it did not come so far. */
export function eventOfUse(
  user: KeyUser,
  { purpose, image }: KeyUse,
  { id, region }: Pick<Key, 'id' | 'region'>,
  version: number | null,
): NewEvent {
  return {
    accountId: user.accountId,
    type: 'key.used',
    outcome: 'succeeded',
    actor: actorOf(user),
    resource: { type: 'key', id },
    region,
    origin: user.origin,
    details: { version, image, purpose },
  };
}

/**
 * Asks for the key and does `work` with it. A no is an event, and so is a use that fails; the event of one that succeeds is
 * written by `work`, as a part of it (`eventOfUse`).
 */
export async function useKey<Result>(
  { db, clock, openedKeys }: Pick<AppContext, 'db' | 'clock' | 'openedKeys'>,
  user: KeyUser,
  use: KeyUse,
  work: (key: Key) => Promise<Result>,
): Promise<Result> {
  let [used, version]: [string, number | null] = [use.key, null];
  try {
    const key = await checkKey(db, user, use);
    [used, version] = [key.id, key.version];
    return await work(key);
  } catch (error) {
    if (error instanceof RefusalError || error instanceof FailureError) {
      const { key: id = used } = error instanceof RefusalError ? (error.facts as { readonly key?: string }) : {};
      if (isRefusal(error, 'key.disabled') || isRefusal(error, 'key.not-found')) openedKeys.forgetKey(id);
      const event = eventOfUse(user, use, { id, region: use.region }, version);
      await recordEvent(db, { ...event, outcome: error.code }, clock.now());
    }
    throw error;
  }
}
