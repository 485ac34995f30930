import { listSnapshots, listSnapshotsCounted, type SnapshotQuery } from '../../../app/list-snapshots.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';
import { createNextTokens } from './next-token.ts';
import { offsetOf } from './paging-parameters.ts';
import { snapshotListFaults as faults, snapshotListParameters as parameters } from './snapshot-parameters.ts';
import { viewSnapshot } from './snapshot-view.ts';

type Asked = OperationRequest<typeof parameters>['parameters'];

export const describeSnapshots = operation({
  service: 'ecs',
  action: 'DescribeSnapshots',
  summary: 'Lists snapshots, newest first.',
  right: 'snapshot.read',
  parameters,
  faults,
  async handle({ context, caller, parameters: asked }) {
    const { RegionId, SnapshotLinkId, NextToken, MaxResults, PageNumber, PageSize, DryRun } = asked;
    requireRegion(context, RegionId);
    if (SnapshotLinkId !== undefined) throw new FaultError(faults.linkNotFound);
    const query = queryOf(asked);
    if (NextToken === undefined && MaxResults === undefined) {
      if (DryRun) throw new FaultError(commonFaults.dryRunPassed);
      const page = { offset: offsetOf(asked), limit: PageSize };
      const { snapshots, total } = await listSnapshotsCounted(context, caller, query, page);
      return { TotalCount: total, PageNumber, PageSize, Snapshots: { Snapshot: snapshots.map(viewSnapshot) } };
    }
    const tokens = createNextTokens('time', ['DescribeSnapshots', query]);
    const after = tokens.read(NextToken);
    if (DryRun) throw new FaultError(commonFaults.dryRunPassed);
    const { snapshots, next } = await listSnapshots(context, caller, {
      ...query,
      after,
      limit: Number(MaxResults ?? 10),
    });
    return { NextToken: tokens.write(next), Snapshots: { Snapshot: snapshots.map(viewSnapshot) } };
  },
});

/** In the words of the domain. What no snapshot here has is asked for as one of none. */
function queryOf(asked: Asked): SnapshotQuery {
  const { Status = 'all', Usage, SnapshotIds, Filter } = asked;
  return {
    region: asked.RegionId,
    ids: asksForNone(asked) ? [] : SnapshotIds?.filter((id) => isId('snapshot', id)),
    name: asked.SnapshotName,
    role: asked.SourceDiskType,
    states: Status === 'all' ? undefined : [Status],
    inUse: Usage && Usage === 'image',
    encrypted: asked.Encrypted || undefined,
    key: asked.KMSKeyId,
    tags: asked.Tag,
    resourceGroup: asked.ResourceGroupId,
    ...Filter,
  };
}

/** There are neither instances nor disks here, nor anything that is made by itself or lies elsewhere. */
function asksForNone(asked: Asked): boolean {
  const { InstanceId, DiskId, SnapshotType, Usage, Category = 'standard' } = asked;
  return (
    [InstanceId, DiskId].some((id) => id !== undefined) ||
    SnapshotType === 'auto' ||
    Usage === 'disk' ||
    Usage === 'image_disk' ||
    Category.toLowerCase() !== 'standard'
  );
}
