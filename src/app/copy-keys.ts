/** The keys that a copy takes: whether they can be used, when it is asked for and when it starts, and their data keys for its job. */
import type { Db, Trx } from '../db/database.ts';
import { findDefaultKey } from '../db/keys/keys.ts';
import type { CopyEncryption } from '../domain/copy-policy.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext } from './context.ts';
import { makeKey, openKey, imageService as service } from './image-data-keys.ts';
import type { DataKeyContext, DataKeyUse, NewDataKey } from './keys/data-keys.ts';
import { demandKeys } from './keys/key-limits.ts';
import { checkEncryptingKey, checkKey, type KeyUser, type WantedKey } from './keys/use-key.ts';

/** What the new disks are to be encrypted with, and why that cannot be. */
export interface PlannedEncryption {
  readonly encryption: CopyEncryption;
  readonly keyRefusal: RefusalError | null;
}

/**
 * What a wish for encryption (`CopyWishes`) means in a region. Without one a disk keeps its key, which reaches no further than
 * its region. `default` of a region that has none yet is one that can be used.
 */
export async function planEncryption(
  context: Pick<AppContext, 'keyLimits'>,
  trx: Trx,
  user: KeyUser,
  source: Image,
  region: string,
  wish: string | undefined,
): Promise<PlannedEncryption> {
  const sourceRefusal = await refusalOfKeys(trx, user, keysOf(source));
  if (wish === undefined) {
    const isLost = source.region !== region && keysOf(source).length > 0;
    const refusal = isLost ? new RefusalError('key.required', { image: source.id, region }) : null;
    return { encryption: 'same', keyRefusal: sourceRefusal ?? refusal };
  }
  if (wish === 'none') return { encryption: wish, keyRefusal: sourceRefusal };
  try {
    demandKeys(context.keyLimits, region);
    const key = wish === 'default' ? (await findDefaultKey(trx, user.accountId, region))?.id : wish;
    if (key === undefined) return { encryption: wish, keyRefusal: sourceRefusal };
    const { id } = await checkEncryptingKey(context, trx, user, { key, region, service });
    return { encryption: id, keyRefusal: sourceRefusal };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { encryption: wish, keyRefusal: sourceRefusal ?? error };
  }
}

/** Those of an image's disks. */
function keysOf({ disks, region }: Image): WantedKey[] {
  const keys = new Set(disks.flatMap(({ key }) => key ?? []));
  return [...keys].map((key) => ({ key, region, service }));
}

/** Why the user cannot use the first of them that he cannot; null where he can use them all. */
async function refusalOfKeys(db: Db | Trx, user: KeyUser, keys: readonly WantedKey[]): Promise<RefusalError | null> {
  for (const key of keys) {
    try {
      await checkKey(db, user, key);
    } catch (error) {
      if (error instanceof RefusalError) return error;
      throw error;
    }
  }
  return null;
}

/** What the job of a copy does with keys. */
export function createCopyKeys(context: DataKeyContext) {
  return {
    /** Why the copy cannot use the keys of its source, and its own, now. */
    async refusal(trx: Trx, user: KeyUser, source: Image, region: string, encryption: CopyEncryption) {
      return (await planEncryption(context, trx, user, source, region, encryption === 'same' ? undefined : encryption))
        .keyRefusal;
    },
    make: (
      user: KeyUser,
      wanted: Omit<NewDataKey, 'service'>,
      signal: AbortSignal,
      attach: (trx: Trx, dataKey: string) => Promise<void>,
    ) => makeKey(context, user, wanted, signal, attach),
    open: (user: KeyUser, dataKey: DataKeyUse, signal: AbortSignal) => openKey(context, user, dataKey, signal),
  };
}
