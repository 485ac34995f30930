/** What changes a key that there is. */
import type { Trx } from '../../db/database.ts';
import { lockKey, updateKey as updateKeyRow } from '../../db/keys/keys.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { checkDescription } from '../../domain/image-rules.ts';
import type { Key } from '../../domain/key.ts';
import { refuseDefault, refuseDoomed, refuseEmpty } from '../../domain/key-rules.ts';
import { act, type Deed } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { requireKey } from './find-key.ts';

/** Does something to a key that exists for the caller, by id or alias. */
export async function changeKey<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  id: string,
  work: (trx: Trx, key: Key, done: Deed) => Promise<Result>,
): Promise<Result> {
  const deed: Deed = { action: 'key.manage', type, resource: { type: 'key', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const key = await requireKey(trx, caller.accountId, id, lockKey);
    Object.assign(done, { resource: { type: 'key', id: key.id }, region: key.region });
    return await work(trx, key, done);
  });
}

export async function updateKey(
  context: AppContext,
  caller: Caller,
  id: string,
  { description }: { readonly description: string },
): Promise<Key> {
  return await changeKey(context, caller, 'key.update', id, async (trx, key) => {
    checkDescription(description);
    await updateKeyRow(trx, key.id, { description });
    return { ...key, description };
  });
}

/** One that is enabled stays so. */
export async function enableKey(context: AppContext, caller: Caller, id: string): Promise<Key> {
  return await changeKey(context, caller, 'key.enable', id, async (trx, key) => {
    refuseDoomed(key);
    refuseEmpty(key);
    await updateKeyRow(trx, key.id, { state: 'enabled' });
    return { ...key, state: 'enabled' };
  });
}

/** From then on what it has wrapped opens nowhere, until it is enabled again. */
export async function disableKey(context: AppContext, caller: Caller, id: string): Promise<Key> {
  const disabled = await changeKey(context, caller, 'key.disable', id, async (trx, key): Promise<Key> => {
    refuseDoomed(key);
    refuseEmpty(key);
    refuseDefault(key);
    await updateKeyRow(trx, key.id, { state: 'disabled' });
    return { ...key, state: 'disabled' };
  });
  context.openedKeys.forgetKey(disabled.id);
  return disabled;
}
