import { RefusalError } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import { toFaultError } from '../errors.ts';
import { messageOf } from '../fault.ts';
import { ids } from '../list-parameters.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { required } from '../parameters.ts';
import { deleteNamedSnapshot, deleteSnapshot } from './delete-snapshot.ts';

/** What became of one of them. */
interface Outcome {
  readonly snapshotId: string;
  readonly success: boolean;
  readonly detail: string;
}

/** Each snapshot has an outcome of its own in the answer: one that has to stay does not keep the others. */
export const deleteSnapshots = operation({
  service: 'disk',
  method: 'DELETE',
  route: '/snapshots',
  name: 'deleteSnapshots',
  summary: 'Deletes those of the snapshots that no image stands on, and tells of each what became of it.',
  right: 'snapshot.delete',
  query: { snapshotIds: required(ids) },
  faults: {},
  async handle({ parameters, ...request }) {
    const snapshots: Outcome[] = [];
    for (const id of new Set(parameters.snapshotIds)) snapshots.push(await tryToDelete(request, id));
    const failed = snapshots.filter(({ success }) => !success);
    return { snapshots, successCount: snapshots.length - failed.length, failedCount: failed.length };
  },
});

async function tryToDelete(request: Omit<OperationRequest, 'parameters'>, snapshotId: string): Promise<Outcome> {
  try {
    await deleteNamedSnapshot(request, snapshotId);
    return { snapshotId, success: true, detail: '' };
  } catch (error) {
    if (!(error instanceof RefusalError || error instanceof FaultError)) throw error;
    return { snapshotId, success: false, detail: messageOf(toFaultError(error, deleteSnapshot)) };
  }
}
