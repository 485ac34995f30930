import { deleteSnapshot as deleteOwnSnapshot } from '../../../app/delete-snapshot.ts';
import type { Faults } from '../fault.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { requireSnapshotId, snapshotFaults, snapshotId } from './named-snapshot.ts';

export const deleteSnapshotFaults = {
  ...snapshotFaults,
  inUse: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't delete this snapshot before the images that use it",
    when: 'an image stands on the snapshot',
  },
} as const satisfies Faults;

export const deleteSnapshot = operation({
  service: 'disk',
  method: 'DELETE',
  route: '/snapshots/{snapshotId}',
  name: 'deleteSnapshot',
  summary: 'Deletes a snapshot that no image stands on.',
  right: 'snapshot.delete',
  path: { snapshotId },
  faults: deleteSnapshotFaults,
  refusals: { 'snapshot.in-use': deleteSnapshotFaults.inUse },
  async handle(request) {
    await deleteNamedSnapshot(request, request.parameters.snapshotId);
    return undefined;
  },
});

export async function deleteNamedSnapshot(
  { context, caller, region }: Pick<OperationRequest, 'context' | 'caller' | 'region'>,
  id: string,
): Promise<void> {
  requireSnapshotId(id);
  await deleteOwnSnapshot(context, caller, id, { region });
}
