import { lockAccountRegion } from '../db/account-regions.ts';
import { deleteSnapshotRow } from '../db/snapshots.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findSnapshot, lockSnapshot, type SnapshotPlace } from './find-snapshot.ts';

/** Deletes a snapshot, and its bytes unless others need them (D1). Refused while an image stands on it. */
export async function deleteSnapshot(
  context: AppContext,
  caller: Caller,
  id: string,
  { dryRun, ...place }: SnapshotPlace & Trial = {},
): Promise<void> {
  const resource = { type: 'snapshot', id };
  await act(context, caller, { action: 'snapshot.delete', resource, dryRun }, async (trx, deed) => {
    const { accountId, region } = await findSnapshot({ db: trx }, caller, id, 'snapshot.delete');
    // Before the snapshot's own row, in the order of all that changes which images stand on it.
    await lockAccountRegion(trx, { accountId, region });
    const snapshot = await lockSnapshot(trx, caller, id, 'snapshot.delete', place);
    Object.assign(deed, {
      resource: { type: 'snapshot', id: snapshot.id },
      region,
      details: { name: snapshot.name },
    });
    if (snapshot.inUse) {
      throw new RefusalError('snapshot.in-use', { snapshot: snapshot.id, image: snapshot.images[0]?.id ?? null });
    }
    await deleteSnapshotRow(trx, snapshot, context.clock.now());
  });
}
