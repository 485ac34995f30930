import { deleteSnapshot as deleteOwnSnapshot } from '../../../app/delete-snapshot.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { flag, required, text } from '../parameters.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';

export const deleteSnapshotFaults = {
  notFound: {
    status: 404,
    code: 'InvalidSnapshotId.NotFound',
    message: 'The specified snapshot is not found',
    when: 'no snapshot of the account has this id, or it lies in another region than RegionId',
  },
  usedByImage: {
    status: 403,
    code: 'SnapshotCreatedImage',
    message: 'The snapshot has been used to create user defined image(s).',
    when: 'an image stands on the snapshot',
  },
  usedByDisk: {
    status: 403,
    code: 'SnapshotCreatedDisk',
    message: 'The snapshot has been used to create disk(s).',
    never: 'no disks are made of snapshots',
  },
  conflict: {
    status: 403,
    code: 'Operation.Conflict',
    message: 'The operation may conflicts with others, please retry later.',
    never: 'it waits for them',
  },
} as const satisfies Faults;

export const deleteSnapshot = operation({
  service: 'ecs',
  action: 'DeleteSnapshot',
  summary: 'Deletes a snapshot that no image stands on.',
  right: 'snapshot.delete',
  parameters: {
    SnapshotId: required(text()),
    // The model has none, but clients send it.
    RegionId: text(),
    // Of disks that were made of it.
    Force: flag(),
  },
  faults: deleteSnapshotFaults,
  refusals: {
    'snapshot.not-found': deleteSnapshotFaults.notFound,
    'snapshot.in-use': deleteSnapshotFaults.usedByImage,
  },
  async handle({ context, caller, parameters: { SnapshotId, RegionId } }) {
    if (RegionId !== undefined) requireRegion(context, RegionId);
    if (!isId('snapshot', SnapshotId)) throw new FaultError(deleteSnapshotFaults.notFound);
    await deleteOwnSnapshot(context, caller, SnapshotId, { region: RegionId });
    return {};
  },
});
