import { operation } from '../operation.ts';
import { snapshotFaults as faults, findNamedSnapshot, snapshotId } from './named-snapshot.ts';
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
  async handle({ context, caller, region, parameters }) {
    return { snapshot: viewSnapshot(await findNamedSnapshot(context, caller, region, parameters.snapshotId)) };
  },
});
