import { readVersion } from '../../db/keys/versions.ts';
import { newUuid } from '../../domain/ids.ts';
import { keyBytes } from '../../kms/key-provider.ts';
import type { AppContext } from '../context.ts';
import { inWords } from './provider-failure.ts';
import { checkKey, type KeyUser, type WantedKey } from './use-key.ts';

/**
 * Has the key provider wrap a data key, which is thrown away: whoever asks for something encrypted is told at once when it cannot.
 * Nothing is encrypted with it, so this is no use of the key, and no event.
 */
export async function tryKey(
  { db, random, keyProvider }: Pick<AppContext, 'db' | 'random' | 'keyProvider'>,
  user: KeyUser,
  wanted: WantedKey,
  signal: AbortSignal,
): Promise<void> {
  const key = await checkKey(db, user, wanted);
  const version = await readVersion(db, key.id, key.version);
  const nothing = { account: user.accountId, image: newUuid(random), region: key.region, disk: '0' };
  await inWords(keyProvider.wrap(version, random(keyBytes), nothing, signal));
}
