import type { Key } from '../../domain/key.ts';
import type { Principal } from '../../domain/principal.ts';
import { RefusalError } from '../../domain/refusal.ts';

/** Where the installation lets images be encrypted, and whose keys they are encrypted with. */
export interface KeyLimits {
  /** Regions in which nothing is encrypted. */
  readonly keylessRegions: ReadonlySet<string>;
  /** Regions that have default keys, and no others. */
  readonly defaultKeyRegions: ReadonlySet<string>;
  /** Names of the accounts that may have keys of their own; undefined: all of them. */
  readonly keyAccounts: ReadonlySet<string> | undefined;
}

/** Refuses to encrypt anything in a region that has no keys. What is encrypted there already stays readable. */
export function demandKeys({ keylessRegions }: KeyLimits, region: string): void {
  if (keylessRegions.has(region)) throw new RefusalError('key.region', { region, own: false });
}

/** As {@link demandKeys}, for keys that the user's account has made itself. */
export function demandOwnKeys(
  limits: KeyLimits,
  { accountName }: Pick<Principal, 'accountName'>,
  region: string,
): void {
  demandKeys(limits, region);
  if (limits.defaultKeyRegions.has(region)) throw new RefusalError('key.region', { region, own: true });
  if (limits.keyAccounts?.has(accountName) === false) throw new RefusalError('key.account', { account: accountName });
}

/** Refuses to encrypt with this key. */
export function demandEncrypting(
  limits: KeyLimits,
  user: Pick<Principal, 'accountName'>,
  { region, isDefault }: Pick<Key, 'region' | 'isDefault'>,
): void {
  if (isDefault) demandKeys(limits, region);
  else demandOwnKeys(limits, user, region);
}
