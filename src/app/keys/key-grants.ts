/** Grants: which services may use a key for its account. */
import { deleteGrant, insertGrant, listGrants } from '../../db/keys/grants.ts';
import { type KeyGrant, type KeyService, keyServices } from '../../domain/key.ts';
import { RefusalError } from '../../domain/refusal.ts';
import type { AppContext, Caller } from '../context.ts';
import { changeKey } from './change-key.ts';
import { findKey } from './find-key.ts';

/** By service. */
export async function listKeyGrants(context: AppContext, caller: Caller, id: string): Promise<KeyGrant[]> {
  const key = await findKey(context, caller, id);
  return await listGrants(context.db, key.id);
}

/** One that there is stays. */
export async function grantKey(
  context: AppContext,
  caller: Caller,
  id: string,
  service: KeyService,
): Promise<KeyGrant> {
  return await changeKey(context, caller, 'key.grant', id, async (trx, key, done) => {
    done.details = { service };
    await insertGrant(trx, key.id, { service, createdAt: context.clock.now() });
    const grants = await listGrants(trx, key.id);
    return grants.find((each) => each.service === service) as KeyGrant;
  });
}

/** From now on nothing new begins; what the service is in the middle of goes on until it uses the key again. */
export async function revokeKey(context: AppContext, caller: Caller, id: string, service: string): Promise<void> {
  await changeKey(context, caller, 'key.revoke', id, async (trx, key, done) => {
    done.details = { service };
    const known = keyServices.find((each) => each === service);
    if (known === undefined || !(await deleteGrant(trx, key.id, known))) {
      throw new RefusalError('key.grant-not-found', { key: key.id, service });
    }
  });
}
