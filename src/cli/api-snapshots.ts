/** What the native API says of snapshots (docs/native-api.md): the JSON, field for field. */
import type { DiskFormat, DiskRole, ImageIds, SnapshotIds } from '../domain/image.ts';
import type { SnapshotSource } from '../domain/snapshot.ts';
import type { SnapshotState } from '../domain/states.ts';

export interface ApiSnapshot extends SnapshotIds {
  readonly region: string;
  readonly projectId: string;
  readonly resourceGroupId: string | null;
  readonly name: string;
  readonly description: string;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
  readonly size: number;
  readonly dataBytes: number | null;
  /** Null where it is not encrypted. */
  readonly key: string | null;
  readonly state: SnapshotState;
  readonly percent: number;
  readonly source: SnapshotSource | null;
  readonly images: readonly ImageIds[];
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: string;
}
