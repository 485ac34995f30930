import { findCopy as findCopyRow, moveCopy } from '../db/copies.ts';
import { inTransaction } from '../db/database.ts';
import { deleteImageRows } from '../db/images.ts';
import { copyCancelled, notify } from '../db/notifications.ts';
import type { Copy } from '../domain/copy.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';
import { findCopy } from './find-copy.ts';

/**
 * Cancels a copy for good in one transaction: the copy has ended, the half-made image is gone, what only it needed is
 * condemned (D1), the next copy of the group is admitted. A worker that is in the middle of it is told, and can write
 * nothing more in any case, because the pending manifests it writes for are condemned.
 */
export async function cancelCopy(context: AppContext, caller: Caller, id: string): Promise<Copy> {
  const { db, queue, clock } = context;
  const copy = await findCopy(context, caller, id);
  return await inTransaction(db, async (trx) => {
    const now = clock.now();
    const group = { accountId: copy.accountId, region: copy.destinationRegion };
    await queue.lock(trx, group);
    if (!(await moveCopy(trx, copy.id, { event: 'cancelled' }, now))) {
      const { state } = (await findCopyRow(trx, caller.accountId, copy.id)) ?? copy;
      throw new RefusalError('copy.finished', { copy: copy.id, state });
    }
    await deleteImageRows(trx, copy.destinationImageId, now);
    await notify(trx, copyCancelled, copy.id);
    await queue.admit(trx, group);
    return (await findCopyRow(trx, caller.accountId, copy.id)) ?? copy;
  });
}
