/** The end of a key: announced days before, called off until then, and then for good. */
import { inTransaction } from '../../db/database.ts';
import { recordState } from '../../db/events.ts';
import { deleteAliasesOf } from '../../db/keys/aliases.ts';
import { deleteGrantsOf } from '../../db/keys/grants.ts';
import { listDueKeys, markDeleted, markDestroyed, updateKey } from '../../db/keys/keys.ts';
import { eraseVersions } from '../../db/keys/versions.ts';
import { checkWhole } from '../../domain/field-rules.ts';
import { type Key, mostDeletionDays } from '../../domain/key.ts';
import { refuseDefault, refuseDoomed } from '../../domain/key-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { KeyProviderError } from '../../kms/key-provider.ts';
import type { AppContext, Caller } from '../context.ts';
import { changeKey } from './change-key.ts';

const day = 24 * 3600 * 1000;

/** From now on the key cannot be used; after `days` it is destroyed, and what it has wrapped opens never again. */
export async function scheduleKeyDeletion(context: AppContext, caller: Caller, id: string, days: number): Promise<Key> {
  const doomed = await changeKey(context, caller, 'key.schedule-deletion', id, async (trx, key, done): Promise<Key> => {
    checkWhole('days', days, context.leastDeletionDays, mostDeletionDays);
    refuseDefault(key);
    refuseDoomed(key);
    done.details = { days };
    const changes = { state: 'pending-deletion', deletionAt: context.clock.now() + days * day } as const;
    await updateKey(trx, key.id, changes);
    return { ...key, ...changes };
  });
  context.openedKeys.forgetKey(doomed.id);
  return doomed;
}

/** One that has no material waits for it again. `enable`: in some clouds it can be used at once. */
export async function cancelKeyDeletion(
  context: AppContext,
  caller: Caller,
  id: string,
  { enable = false }: { readonly enable?: boolean | undefined } = {},
): Promise<Key> {
  return await changeKey(context, caller, 'key.cancel-deletion', id, async (trx, key): Promise<Key> => {
    if (key.state !== 'pending-deletion') {
      throw new RefusalError('key.not-pending-deletion', { key: key.id, state: key.state });
    }
    const kept = enable ? 'enabled' : 'disabled';
    const changes = { state: key.version === 0 ? 'pending-import' : kept, deletionAt: null } as const;
    await updateKey(trx, key.id, changes);
    return { ...key, ...changes };
  });
}

/** Keys of one round of housekeeping. */
const batch = 100;

/**
 * Destroys the keys whose time has come; tells how many. Each is deleted here before the key provider is asked to destroy it: a
 * key whose deletion can still be called off is never touched there, and one that is not destroyed yet is tried again.
 */
export async function destroyDueKeys(
  {
    db,
    clock,
    keyProvider,
    openedKeys,
    logger,
  }: Pick<AppContext, 'db' | 'clock' | 'keyProvider' | 'openedKeys' | 'logger'>,
  signal: AbortSignal,
): Promise<number> {
  const now = clock.now();
  let destroyed = 0;
  let isAway = false;
  for (const key of await listDueKeys(db, now, batch)) {
    if (signal.aborted) break;
    const { id, accountId, region, description } = key;
    const isDeleted = await inTransaction(db, async (trx) => {
      if (!(await markDeleted(trx, id, now))) return key.isDeleted;
      await eraseVersions(trx, id);
      await deleteAliasesOf(trx, id);
      await deleteGrantsOf(trx, id);
      const details = { description };
      await recordState(trx, { accountId, type: 'key.deleted', resource: { type: 'key', id }, region, details }, now);
      return true;
    });
    // Called off meanwhile, or another server is at it.
    if (!isDeleted) continue;
    openedKeys.forgetKey(id);
    // To wait for it once more for every key would keep the other chores from being done.
    if (isAway) continue;
    try {
      await keyProvider.destroyKey(id, signal);
      await markDestroyed(db, id);
      destroyed += 1;
    } catch (error) {
      // One that cannot be destroyed keeps no other.
      isAway = error instanceof KeyProviderError && error.kind === 'unavailable';
      if (!signal.aborted) logger.error({ error, keyId: id }, 'a deleted key is not destroyed yet');
    }
  }
  return destroyed;
}
