import { findKey as findKeyRow, updateKey } from '../../db/keys/keys.ts';
import { insertVersion } from '../../db/keys/versions.ts';
import type { Key } from '../../domain/key.ts';
import { refuseClosed, refuseDoomed } from '../../domain/key-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type Deed, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { changeKey } from './change-key.ts';
import { requireKey } from './find-key.ts';
import { inWords } from './provider-failure.ts';

/**
 * Makes a new version of the key, which wraps from then on; what the others have wrapped stays readable. Of two requests at once
 * one makes it for both.
 */
export async function rotateKey(context: AppContext, caller: Caller, id: string, signal: AbortSignal): Promise<Key> {
  const { db, keyProvider, clock } = context;
  const deed: Deed = { action: 'key.manage', type: 'key.rotate', resource: { type: 'key', id } };
  const before = await recordRefusal(context, caller, deed, async () => {
    const key = await requireKey(db, caller.accountId, id, findKeyRow);
    Object.assign(deed, { resource: { type: 'key', id: key.id }, region: key.region });
    checkRotatable(key);
    return key;
  });
  const version = before.version + 1;
  const material = await inWords(keyProvider.createVersion({ key: before.id, version, signal }));
  return await changeKey(context, caller, 'key.rotate', before.id, async (trx, key, done) => {
    checkRotatable(key);
    done.details = { version };
    if (key.version >= version) return key;
    await insertVersion(trx, { key: key.id, version, material }, clock.now());
    await updateKey(trx, key.id, { version });
    return { ...key, version };
  });
}

/** An external key has the material that its owner brought, and no other. */
function checkRotatable(key: Key): void {
  refuseDoomed(key);
  if (key.origin === 'external') throw new RefusalError('key.external', { key: key.id });
  refuseClosed(key);
}
