import type { Snapshot } from '../../../domain/snapshot.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { toTime } from '../times.ts';
import { statusOf } from './snapshot-words.ts';

/**
 * A snapshot as its owner sees it, and nobody else. It was made of an image's disk, which has no id of its own.
 */
export function viewSnapshot(snapshot: Snapshot): object {
  return {
    snapshotId: snapshot.jdcloudId,
    snapshotSource: 'self',
    diskId: '',
    snapshotSizeGB: inGiB(snapshot.size),
    images: snapshot.images.map(({ jdcloudId }) => jdcloudId),
    name: snapshot.name,
    description: snapshot.description,
    status: statusOf(snapshot),
    createTime: toTime(snapshot.createdAt),
    // It stays until it is deleted.
    expireTime: '',
    shareInfo: [],
    encrypted: snapshot.key !== null,
  };
}
