import { moveCopy } from '../db/copies.ts';
import { deleteImageRows } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { copyCancelled, notify } from '../db/notifications.ts';
import type { Copy } from '../domain/copy.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { readCopy } from './find-copy.ts';

/**
 * Cancels a copy for good in one transaction: the copy has ended, the half-made image is gone and its quota given back, what
 * only it needed is condemned (D1), the next copy of the group is admitted. A worker that is in the middle of it is told, and
 * can write nothing more in any case, because the pending manifests it writes for are condemned.
 */
export async function cancelCopy(context: AppContext, caller: Caller, id: string): Promise<Copy> {
  const { queue, clock } = context;
  const resource = { type: 'copy', id };
  return await act(context, caller, { action: 'copy.cancel', resource }, async (trx, deed) => {
    const copy = await readCopy(trx, caller, id);
    deed.region = copy.destinationRegion;
    const now = clock.now();
    const group = { accountId: copy.accountId, region: copy.destinationRegion };
    await holdImage(trx, copy.destinationImageId);
    await queue.lock(trx, group);
    if (!(await moveCopy(trx, copy.id, { event: 'cancelled' }, now))) {
      const { state } = await readCopy(trx, caller, id);
      throw new RefusalError('copy.finished', { copy: copy.id, state });
    }
    await deleteImageRows(trx, copy.destinationImageId, now);
    await notify(trx, copyCancelled, copy.id);
    await queue.admit(trx, group);
    return await readCopy(trx, caller, id);
  });
}
