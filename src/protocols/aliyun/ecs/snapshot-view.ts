import type { Snapshot } from '../../../domain/snapshot.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { toSecond } from '../../shared/times.ts';
import type { Answer } from '../operation.ts';
import { renderTags } from './tag-parameters.ts';

/** A snapshot as DescribeSnapshots tells of it. It was made of an image's disk, not of one that has an id of its own. */
export function viewSnapshot(snapshot: Snapshot): Answer {
  const { source, inUse } = snapshot;
  return {
    SnapshotId: snapshot.aliyunId,
    SnapshotName: snapshot.name,
    Description: snapshot.description,
    RegionId: snapshot.region,
    ResourceGroupId: snapshot.resourceGroupAliyunId ?? '',
    Status: snapshot.state,
    Progress: `${snapshot.percent}%`,
    Available: snapshot.state === 'accomplished',
    CreationTime: toSecond(snapshot.createdAt),
    LastModifiedTime: toSecond(snapshot.createdAt),
    SnapshotType: 'user',
    Category: 'standard',
    InstantAccess: false,
    Encrypted: snapshot.key !== null,
    KMSKeyId: snapshot.key ?? '',
    ProductCode: '',
    Usage: inUse ? 'image' : 'none',
    SourceDiskId: '',
    SourceDiskSize: String(inGiB(snapshot.size)),
    SourceDiskType: snapshot.role,
    SourceStorageType: 'disk',
    SourceSnapshotId: source?.aliyunId ?? '',
    SourceRegionId: source?.region ?? '',
    Tags: renderTags(snapshot.tags),
  };
}
