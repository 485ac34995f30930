import { findSnapshot } from '../../../app/find-snapshot.ts';
import { operation } from '../operation.ts';
import { snapshotFaults as faults, isSnapshotId, notFound, snapshotId, snapshotRefusals } from './named-snapshot.ts';
import { viewSnapshot } from './snapshot-view.ts';

export const describeSnapshot = operation({
  service: 'disk',
  method: 'GET',
  route: '/snapshots/{snapshotId}',
  name: 'describeSnapshot',
  summary: 'Shows a snapshot.',
  right: 'snapshot.read',
  path: { snapshotId },
  faults,
  refusals: snapshotRefusals,
  async handle({ context, caller, region, parameters }) {
    const { snapshotId: id } = parameters;
    if (!isSnapshotId(id)) throw notFound(id);
    const snapshot = await findSnapshot(context, caller, id);
    if (snapshot.region !== region) throw notFound(id);
    return { snapshot: viewSnapshot(snapshot) };
  },
});
