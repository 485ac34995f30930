/** The tables as Kysely sees them. `schema.test.ts` holds them against the migrated database, column by column. */
import type { Generated, GeneratedAlways } from 'kysely';
import type { FailureCode } from '../domain/failure.ts';
import type { DiskFormat, DiskRole, ImageKind, RootDevice } from '../domain/image.ts';
import type { CopyState, ImageState } from '../domain/states.ts';

export interface Database {
  installation: { only_row: Generated<boolean>; id: string; master_key_check: Buffer };
  regions: { number: GeneratedAlways<number>; id: string };
  accounts: { id: string; name: string; created_at: number };
  manifests: ManifestsTable;
  packs: PacksTable;
  manifest_packs: { manifest: string; manifest_usable: Generated<true>; pack: number; pack_state: Generated<'live'> };
  chunks: { region: number; id: Buffer; pack: number; position: number; length: number };
  images: ImagesTable;
  image_tags: { image: string; key: string; value: string };
  disks: DisksTable;
  snapshots: { id: string; aliyun_id: string; jdcloud_id: string; image: string; disk: number };
  uploads: { image: string; disk: number; manifest: string; server: string; lease_until: number };
  copy_groups: { account: string; region: number };
  copies: CopiesTable;
}

export interface ManifestsTable {
  id: string;
  region: number;
  state: 'pending' | 'live' | 'condemned';
  root: Buffer | null;
  size: number;
  data_bytes: number | null;
  digest: Buffer | null;
  condemned_at: number | null;
  usable: GeneratedAlways<boolean>;
}

export interface PacksTable {
  number: GeneratedAlways<number>;
  region: number;
  name: Buffer;
  size: number;
  state: 'reserved' | 'live' | 'condemned';
  reserved_for: string | null;
  published: Generated<boolean>;
  condemned_at: number | null;
}

export interface ImagesTable {
  id: string;
  aliyun_id: string;
  jdcloud_id: string;
  account: string;
  region: number;
  name: string;
  description: string;
  kind: ImageKind;
  root_device: RootDevice;
  state: ImageState;
  source_image: string | null;
  created_at: number;
  updated_at: number;
}

export interface DisksTable {
  image: string;
  index: number;
  role: DiskRole;
  format: DiskFormat | null;
  size: number;
  manifest: string | null;
  manifest_usable: Generated<true>;
}

export interface CopiesTable {
  id: string;
  sequence: GeneratedAlways<number>;
  account: string;
  source_image: string;
  source_region: number;
  destination_image: string;
  destination_region: number;
  state: CopyState;
  job: string | null;
  server: string | null;
  attempts: Generated<number>;
  bytes_total: number;
  bytes_done: Generated<number>;
  bytes_moved: Generated<number>;
  bytes_per_second: Generated<number>;
  failure_code: FailureCode | null;
  failure_message: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
}
