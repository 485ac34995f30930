import { listSnapshotsCounted } from '../../../app/list-snapshots.ts';
import { filters, onlyValue } from '../filter-parameters.ts';
import { offsetOf, pageNumber, pageSize, pagingFaults } from '../list-parameters.ts';
import { operation } from '../operation.ts';
import { oneOf, text } from '../parameters.ts';
import { isSnapshotId } from './named-snapshot.ts';
import { viewSnapshot } from './snapshot-view.ts';
import { type SnapshotStatus, snapshotStatuses, statesOf } from './snapshot-words.ts';

const any = text();

export const describeSnapshots = operation({
  service: 'disk',
  method: 'GET',
  route: '/snapshots',
  name: 'describeSnapshots',
  summary: 'Lists snapshots, newest first.',
  right: 'snapshot.read',
  query: {
    pageNumber,
    pageSize,
    // No snapshot is shared with anybody.
    snapshotSource: oneOf(['private', 'others', 'shared']),
    filters: filters({ snapshotId: any, diskId: any, status: oneOf(snapshotStatuses), name: any }, ['name']),
  },
  faults: pagingFaults,
  async handle({ context, caller, region, parameters }) {
    const { snapshotSource = 'private', filters: asked } = parameters;
    // There are no disks that one could have been made of.
    const isNone = snapshotSource !== 'private' || asked.diskId !== undefined;
    const query = {
      region,
      ids: isNone ? [] : asked.snapshotId?.filter(isSnapshotId),
      states: asked.status?.flatMap((status) => statesOf[status]),
      progressing: progressingAmong(asked.status),
      namePart: onlyValue(asked.name, 'name'),
    };
    const page = { offset: offsetOf(parameters), limit: parameters.pageSize };
    const { snapshots, total } = await listSnapshotsCounted(context, caller, query, page);
    return { snapshots: snapshots.map(viewSnapshot), totalCount: total };
  },
});

/** The core has one state for both. */
function progressingAmong(statuses: readonly SnapshotStatus[] = []): 'copied' | 'new' | undefined {
  const [copying, creating] = [statuses.includes('copying'), statuses.includes('creating')];
  if (copying === creating) return undefined;
  return copying ? 'copied' : 'new';
}
