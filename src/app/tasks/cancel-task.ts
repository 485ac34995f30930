import { deleteImageRows } from '../../db/image-states.ts';
import { lockImage } from '../../db/images.ts';
import { moveTask } from '../../db/tasks.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { isFinalCopyState } from '../../domain/states.ts';
import type { Task } from '../../domain/task.ts';
import { act } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { readTask } from './find-task.ts';

/**
 * Cancels a task for good in one transaction; with an import goes its half-made image, whose quota is given back and whose
 * bytes are condemned (D1). A worker that is in the middle of it finds out when it next says how far it is, half a second at
 * most; what an export has in the bucket by then is removed. One that has begun to complete its objects is refused.
 */
export async function cancelTask(context: AppContext, caller: Caller, id: string): Promise<Task> {
  const resource = { type: 'task', id };
  return await act(context, caller, { action: 'task.cancel', resource }, async (trx, deed) => {
    const task = await readTask(trx, caller, id);
    Object.assign(deed, { resource: { type: 'task', id: task.id }, region: task.region });
    const now = context.clock.now();
    // The image first, as with all that changes both, so that nobody waits in a circle.
    await lockImage(trx, caller.accountId, task.imageId, 'update');
    if (!(await moveTask(trx, task.id, { event: 'cancelled' }, now))) {
      const { state } = await readTask(trx, caller, id);
      if (!isFinalCopyState(state)) throw new RefusalError('task.completing', { task: task.id });
      throw new RefusalError('task.finished', { task: task.id, state });
    }
    if (task.kind === 'import') await deleteImageRows(trx, task.imageId, now);
    return await readTask(trx, caller, id);
  });
}
