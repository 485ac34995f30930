/**
 * Snapshots: what holds a disk's bytes for an account in a region. Every disk of an image stands on one; a snapshot may
 * outlive its image, and several images may stand on it.
 */
import { percentDone } from './copy.ts';
import type { DiskFormat, DiskRole, ImageIds, SnapshotIds } from './image.ts';
import { type ImageState, type SnapshotState, snapshotStates } from './states.ts';

/** What a snapshot was copied from, as it was then: it may be gone. */
export interface SnapshotSource extends SnapshotIds {
  readonly region: string;
}

export interface ImageOfSnapshot extends ImageIds {
  /** Not always the snapshot's own. */
  readonly projectId: string;
}

export interface Snapshot extends SnapshotIds {
  readonly accountId: string;
  readonly region: string;
  readonly projectId: string;
  readonly resourceGroupId: string | null;
  /** The same one's other id. */
  readonly resourceGroupAliyunId: string | null;
  readonly name: string;
  readonly description: string;
  /** Of the disk that it was made of. */
  readonly role: DiskRole;
  /** Null until it is known from the bytes. */
  readonly format: DiskFormat | null;
  /** Bytes of the disk, holes included. */
  readonly size: number;
  /** Bytes that are not in a run of zeros; known once the disk is stored. */
  readonly dataBytes: number | null;
  /** Id of the key that it is encrypted with, null where it is not; known once bytes of it are stored. */
  readonly key: string | null;
  readonly state: SnapshotState;
  /** Whole percent; 100 once it is accomplished and not before (P1). */
  readonly percent: number;
  readonly source: SnapshotSource | null;
  /** Whether an image stands on it. */
  readonly inUse: boolean;
  /** The images that stand on it, oldest first; for a caller only those that he may read. */
  readonly images: readonly ImageOfSnapshot[];
  readonly tags: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** A snapshot is as far as the images that stand on it, all of which are ready or the only one is not. */
export const imageStatesBehind: { readonly [State in SnapshotState]: readonly ImageState[] } = {
  progressing: ['queued', 'uploading', 'copying'],
  accomplished: ['available', 'deprecated'],
  failed: ['failed'],
};

/** `image` is the state of one that stands on it; null where none does, which leaves a snapshot only with its bytes. */
export function snapshotState(image: ImageState | null): SnapshotState {
  if (image === null) return 'accomplished';
  return snapshotStates.find((state) => imageStatesBehind[state].includes(image)) as SnapshotState;
}

/** `copied`: how far the copy is that makes it; null where none does. */
export function snapshotPercent(
  state: SnapshotState,
  copied: { readonly bytesDone: number; readonly bytesTotal: number } | null,
): number {
  if (state === 'accomplished') return 100;
  if (state === 'failed' || copied === null) return 0;
  return percentDone({ state: 'running', progress: { ...copied, bytesPerSecond: 0 } });
}
