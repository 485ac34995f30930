import { createHash } from 'node:crypto';
import type { Trx } from '../../db/database.ts';
import { claimMaterial, updateKey } from '../../db/keys/keys.ts';
import { insertVersion } from '../../db/keys/versions.ts';
import type { Key } from '../../domain/key.ts';
import { decodeMaterial, refuseDoomed } from '../../domain/key-rules.ts';
import { isRefusal, RefusalError } from '../../domain/refusal.ts';
import type { AppContext, Caller } from '../context.ts';
import { changeKey } from './change-key.ts';
import { discardKey } from './create-key.ts';
import { demandOwnKeys } from './key-limits.ts';
import { inWords } from './provider-failure.ts';

/**
 * Gives an external key its material, 32 bytes in base64, which enables it. That can be done once; the same material again, be it
 * that the first answer was lost, changes nothing.
 */
export async function importKeyMaterial(
  context: AppContext,
  caller: Caller,
  id: string,
  material: string,
  signal: AbortSignal,
): Promise<Key> {
  const imported = decodeMaterial(material);
  // First of all the key is bound to this material, so that two requests at once cannot leave one with the key provider and
  // the other here.
  const key = await changeKey(context, caller, 'key.import', id, async (trx, found) => {
    demandOwnKeys(context.keyLimits, caller, found.region);
    return await claim(trx, found, imported);
  });
  if (key.version > 0) return key;
  const request = { key: key.id, version: 1, imported, signal };
  const made = await inWords(context.keyProvider.createVersion(request));
  const enabled = changeKey(context, caller, 'key.enable', key.id, async (trx, found) => {
    refuseDoomed(found);
    if (found.version > 0) return found;
    await insertVersion(trx, { key: key.id, version: 1, material: made }, context.clock.now());
    const changes = { state: 'enabled', version: 1 } as const;
    await updateKey(trx, key.id, changes);
    return { ...found, ...changes };
  });
  return await enabled.catch(async (error: unknown) => {
    // It was destroyed while the material was on its way, which nobody would come for again.
    if (isRefusal(error, 'key.not-found')) await discardKey(context, key.id);
    throw error;
  });
}

async function claim(trx: Trx, key: Key, imported: Uint8Array): Promise<Key> {
  refuseDoomed(key);
  if (key.origin !== 'external') throw new RefusalError('key.not-external', { key: key.id });
  const digest = materialDigest(key.id, imported);
  if (Buffer.compare(await claimMaterial(trx, key.id, digest), digest) !== 0) {
    throw new RefusalError('key.other-material', { key: key.id });
  }
  return key;
}

/** By which material is known again without being kept. It is random, so its hash gives nothing away. */
function materialDigest(key: string, material: Uint8Array): Uint8Array {
  return createHash('sha256').update(`mimeo key material 1 ${key}\n`).update(material).digest();
}
