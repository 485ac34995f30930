/** Data keys, one a disk: made and opened by a key, for whoever may use that. */
import { inTransaction, type Trx } from '../../db/database.ts';
import { recordEvent } from '../../db/events.ts';
import { findDataKey, insertDataKey } from '../../db/keys/data-keys.ts';
import { findKey as findKeyRow, keepEnabled } from '../../db/keys/keys.ts';
import { readVersion } from '../../db/keys/versions.ts';
import { FailureError } from '../../domain/failure.ts';
import { newUuid } from '../../domain/ids.ts';
import type { Key } from '../../domain/key.ts';
import { refuseClosed } from '../../domain/key-rules.ts';
import { keyBytes } from '../../kms/key-provider.ts';
import type { AppContext } from '../context.ts';
import { requireKey } from './find-key.ts';
import { demandEncrypting } from './key-limits.ts';
import { inWords } from './provider-failure.ts';
import { eventOfUse, type KeyUser, useKey, type WantedKey } from './use-key.ts';

/** What making and opening them takes. */
export type DataKeyContext = Pick<AppContext, 'db' | 'clock' | 'random' | 'keyProvider' | 'keyLimits' | 'openedKeys'>;

export interface DataKey {
  readonly id: string;
  /** 32 bytes; never to be logged, nor written anywhere. */
  readonly bytes: Uint8Array;
}

export interface NewDataKey extends WantedKey {
  readonly image: string;
  readonly disk: number;
}

/** While a data key is being wrapped, which is then done again. */
const mostRotations = 10;

/**
 * Makes the data key of a disk, wrapped by the key's newest version and bound to account, image, region and disk. `attach` is
 * done in the same transaction: it says what is encrypted with the data key, which is forgotten together with that.
 */
export async function makeDataKey(
  context: DataKeyContext,
  user: KeyUser,
  wanted: NewDataKey,
  signal: AbortSignal,
  attach: (trx: Trx, dataKey: string) => Promise<void>,
): Promise<DataKey> {
  const { db, clock, random, keyProvider, openedKeys } = context;
  const { accountId } = user;
  const { image, disk, region } = wanted;
  const use = { ...wanted, purpose: 'encrypt' } as const;
  return await useKey(context, user, use, async (key) => {
    demandEncrypting(context.keyLimits, user, key);
    const id = newUuid(random);
    const bytes = Uint8Array.from(random(keyBytes));
    const bound = { account: accountId, image, region, disk: String(disk) };
    for (let newest: Key | null = key, round = 0; newest !== null; round++) {
      const { version }: Key = newest;
      if (round === mostRotations) throw new Error(`key ${key.id} is rotated faster than anything can be wrapped`);
      const wrapping = await readVersion(db, key.id, version);
      const wrapped = await inWords(keyProvider.wrap(wrapping, bytes, bound, signal));
      newest = await inTransaction(db, async (trx) => {
        if (!(await insertDataKey(trx, { id, key: key.id, version, wrapped, context: bound }, clock.now()))) {
          const changed = await requireKey(trx, accountId, key.id, findKeyRow);
          refuseClosed(changed);
          return changed;
        }
        await recordEvent(trx, eventOfUse(user, use, key, version), clock.now());
        await attach(trx, id);
        return null;
      });
    }
    openedKeys.put(id, key.id, bytes);
    return { id, bytes };
  });
}

/** A data key that is to be opened. */
export interface DataKeyUse {
  readonly id: string;
  /** For whose disk, where it may be another than it was made for: images share disks inside a region. */
  readonly image?: string | undefined;
}

/**
 * Opens a data key for its account. Whether that may be is asked of the database each time, also where this process has opened it
 * before: a key that is disabled on any server works nowhere from then on.
 */
export async function openDataKey(
  context: DataKeyContext,
  user: KeyUser,
  { id, image, service }: DataKeyUse & Pick<WantedKey, 'service'>,
  signal: AbortSignal,
): Promise<DataKey> {
  const { db, clock, keyProvider, openedKeys } = context;
  const found = await findDataKey(db, id);
  if (found === undefined) throw new FailureError('source-gone', 'the image was deleted meanwhile');
  const { key, version, wrapped, context: bound } = found;
  const use = { key, region: bound.region, service, image: image ?? bound.image, purpose: 'decrypt' } as const;
  return await useKey(context, user, use, async (allowed) => {
    let bytes = openedKeys.get(id);
    if (bytes === undefined) {
      const wrapping = await readVersion(db, key, version);
      bytes = Uint8Array.from(await inWords(keyProvider.unwrap(wrapping, wrapped, bound, signal)));
      openedKeys.put(id, key, bytes);
    }
    await recordEvent(db, eventOfUse(user, use, allowed, version), clock.now());
    return { id, bytes };
  });
}

/** Forgets what this process has opened with keys that cannot be used any more; housekeeping does it on every server. */
export async function forgetClosedKeys({ db, openedKeys }: Pick<AppContext, 'db' | 'openedKeys'>): Promise<void> {
  const kept = openedKeys.keys();
  if (kept.length === 0) return;
  const enabled = await keepEnabled(db, kept);
  for (const key of kept) if (!enabled.has(key)) openedKeys.forgetKey(key);
}
