/** The key that the disks of a new image are encrypted with as their bytes come in: checked when the image is made. */
import type { Trx } from '../db/database.ts';
import { findDefaultKey } from '../db/keys/keys.ts';
import type { AppContext, Caller } from './context.ts';
import { imageService } from './image-data-keys.ts';
import { defaultKey, keyProviderMs } from './keys/default-key.ts';
import { demandKeys } from './keys/key-limits.ts';
import { checkEncryptingKey } from './keys/use-key.ts';

interface WantedEncryption {
  readonly region: string;
  readonly encryption?: string | undefined;
}

/**
 * The same with the id of the region's default key where that is asked for. It is made if there is none, so this comes before the
 * transaction that uses it: the key provider may take its time. A dry run makes none, and finds nothing wrong with that.
 */
export async function nameDefaultKey<Wanted extends WantedEncryption>(
  context: AppContext,
  caller: Caller,
  wanted: Wanted,
  dryRun = false,
): Promise<Wanted> {
  const { region, encryption } = wanted;
  if (encryption !== 'default') return wanted;
  demandKeys(context.keyLimits, region);
  const key = dryRun
    ? await findDefaultKey(context.db, caller.accountId, region)
    : await defaultKey(context, caller, region, AbortSignal.timeout(keyProviderMs));
  return { ...wanted, encryption: key?.id };
}

/** Its id, if the caller may let the image service use it; null where nothing is to be encrypted. */
export async function findImageKey(
  context: Pick<AppContext, 'keyLimits'>,
  trx: Trx,
  caller: Caller,
  { region, encryption: key }: WantedEncryption,
): Promise<string | null> {
  if (key === undefined) return null;
  return (await checkEncryptingKey(context, trx, caller, { key, region, service: imageService })).id;
}
