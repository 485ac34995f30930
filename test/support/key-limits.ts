/** What can be in the way of whoever encrypts, for as long as a test wants it. */
import { KeyProviderError } from '../../src/kms/key-provider.ts';
import type { Installation } from './installation.ts';

/** The id of no key. */
export const noKey = '11111111-2222-4333-8444-555555555555';

interface Limits {
  readonly keylessRegion?: string;
  readonly defaultKeyRegion?: string;
  readonly keyAccount?: string;
}

/** The work, with these settings. */
export async function withKeyLimits<Result>(
  { keyLimits }: Installation,
  { keylessRegion, defaultKeyRegion, keyAccount }: Limits,
  work: () => Promise<Result>,
): Promise<Result> {
  if (keylessRegion !== undefined) keyLimits.keylessRegions.add(keylessRegion);
  if (defaultKeyRegion !== undefined) keyLimits.defaultKeyRegions.add(defaultKeyRegion);
  if (keyAccount !== undefined) keyLimits.keyAccounts = new Set([keyAccount]);
  try {
    return await work();
  } finally {
    keyLimits.keylessRegions.clear();
    keyLimits.defaultKeyRegions.clear();
    keyLimits.keyAccounts = undefined;
  }
}

/** The work, while what holds the keys does not answer. */
export async function withoutKeyProvider<Result>(
  { keyProvider }: Installation,
  work: () => Promise<Result>,
): Promise<Result> {
  keyProvider.failure = new KeyProviderError('unavailable', 'no answer');
  try {
    return await work();
  } finally {
    keyProvider.failure = undefined;
  }
}
