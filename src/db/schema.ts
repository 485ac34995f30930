/** The tables as Kysely sees them. `schema.test.ts` holds them against the migrated database, column by column. */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { CopyWishes } from '../domain/copy.ts';
import type { CopyEncryption, PolicyName } from '../domain/copy-policy.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { DiskFormat, DiskRole, ImageKind, RootDevice, Visibility } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import type { PrincipalKind, Role } from '../domain/principal.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import type { SnapshotSource } from '../domain/snapshot.ts';
import type { CopyState, ImageState, TaskState } from '../domain/states.ts';
import type { BegunObject, DiskObject, TaskKind } from '../domain/task.ts';
import type { DataKeysTable, KeyAliasesTable, KeyGrantsTable, KeysTable, KeyVersionsTable } from './keys/schema.ts';

export interface Database {
  installation: { only_row: Generated<boolean>; id: string; master_key_check: Buffer; key_provider: string | null };
  regions: { number: GeneratedAlways<number>; id: string };
  accounts: AccountsTable;
  users: UsersTable;
  access_keys: AccessKeysTable;
  sessions: SessionsTable;
  projects: ProjectsTable;
  agencies: AgenciesTable;
  agency_grants: {
    agency: string;
    project: string | null;
    role: Role;
    title: Generated<string>;
    is_global: Generated<boolean>;
  };
  resource_groups: ResourceGroupsTable;
  nonces: { scope: string; nonce: string; expires_at: number };
  idempotency_tokens: IdempotencyTokensTable;
  receipts: ReceiptsTable;
  manifests: ManifestsTable;
  packs: PacksTable;
  manifest_packs: { manifest: string; manifest_usable: Generated<true>; pack: number; pack_state: Generated<'live'> };
  chunks: { region: number; id: Buffer; pack: number; position: number; length: number };
  images: ImagesTable;
  image_tags: { image: string; key: string; value: string };
  disks: DisksTable;
  snapshots: SnapshotsTable;
  snapshot_tags: { snapshot: string; key: string; value: string };
  uploads: UploadsTable;
  upload_segments: {
    manifest: string;
    position: number;
    length: number;
    bounds: Buffer;
    ids: Buffer;
    digests: Buffer;
  };
  account_regions: AccountRegionsTable;
  image_members: ImageMembersTable;
  copies: CopiesTable;
  tasks: TasksTable;
  events: EventsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  keys: KeysTable;
  key_versions: KeyVersionsTable;
  key_aliases: KeyAliasesTable;
  key_grants: KeyGrantsTable;
  data_keys: DataKeysTable;
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
  chunk_account: string | null;
  data_key: string | null;
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
  project: string;
  resource_group: string | null;
  visibility: Generated<Visibility>;
  protected: Generated<boolean>;
  revision: Generated<number>;
  quota_bytes: Generated<number>;
  attributes: ColumnType<ImageAttributes, string | undefined, string>;
  properties: ColumnType<Readonly<Record<string, string>>, string | undefined, string>;
  upload_key: string | null;
}

export interface DisksTable {
  image: string;
  index: number;
  role: DiskRole;
  format: DiskFormat | null;
  size: number;
  manifest: string | null;
  manifest_usable: Generated<true>;
  snapshot: string;
}

export interface SnapshotsTable {
  id: string;
  aliyun_id: string;
  jdcloud_id: string;
  account: string;
  region: number;
  project: string;
  resource_group: string | null;
  name: string;
  description: Generated<string>;
  role: DiskRole;
  format: DiskFormat | null;
  size: number;
  source: ColumnType<SnapshotSource | null, string | null, never>;
  created_at: number;
  manifest: string | null;
  manifest_usable: Generated<true>;
}

export interface UploadsTable {
  image: string;
  disk: number;
  manifest: string;
  server: string;
  lease_until: number;
  attempt: number;
  keep_until: number;
  min_chunk: number;
  mean_chunk: number;
  max_chunk: number;
  segment: number;
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
  policy: Generated<PolicyName>;
  requested_by: string | null;
  project: string | null;
  agency: string | null;
  request: string | null;
  wanted: ColumnType<CopyWishes, string | undefined, string>;
  encryption: Generated<CopyEncryption>;
  retry_of: string | null;
  trace_parent: string | null;
}

export interface TasksTable {
  id: string;
  aliyun_id: string;
  sequence: GeneratedAlways<number>;
  account: string;
  region: number;
  kind: TaskKind;
  image: string;
  image_aliyun_id: string;
  image_jdcloud_id: string;
  project: string;
  requested_by: string | null;
  objects: ColumnType<readonly DiskObject[], string, never>;
  state: TaskState;
  server: string | null;
  claims: Generated<number>;
  attempts: Generated<number>;
  tidies: Generated<number>;
  due_at: number;
  untidy: Generated<boolean>;
  uploads: ColumnType<readonly BegunObject[], string | undefined, string>;
  completing: Generated<boolean>;
  bytes_total: number;
  bytes_done: Generated<number>;
  bytes_per_second: Generated<number>;
  failure_code: FailureCode | null;
  failure_message: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
}

export interface AccountsTable {
  id: string;
  name: string;
  created_at: number;
  number: number;
  administers: Generated<boolean>;
  disabled_at: number | null;
}

export interface UsersTable {
  id: string;
  account: string;
  name: string;
  role: Role;
  created_at: number;
  disabled_at: number | null;
  password: string | null;
}

export interface AccessKeysTable {
  id: string;
  user: string;
  description: string;
  secret: Buffer;
  created_at: number;
  disabled_at: number | null;
  expires_at: number | null;
  last_used_at: number | null;
}

export interface SessionsTable {
  id: string;
  token: Buffer;
  access_key: string | null;
  secret: Buffer | null;
  name: string;
  user: string | null;
  issued_with: string | null;
  issued_by: string | null;
  account: string;
  agency: string | null;
  role: Role;
  created_at: number;
  expires_at: number;
  project: string | null;
}

export interface ProjectsTable {
  id: string;
  account: string;
  region: number;
  name: string;
  description: Generated<string>;
  is_default: boolean;
  created_at: number;
}

export interface AgenciesTable {
  id: string;
  account: string;
  name: string;
  description: string;
  trusted_account: string | null;
  created_at: number;
  expires_at: number | null;
}

export interface ResourceGroupsTable {
  id: string;
  aliyun_id: string;
  account: string;
  name: string;
  description: string;
  created_at: number;
  disabled_at: number | null;
}

export interface IdempotencyTokensTable {
  account: string;
  operation: string;
  token: string;
  fingerprint: Buffer;
  result: ColumnType<unknown, string, string>;
  expires_at: number;
}

export interface ReceiptsTable {
  id: string;
  account: string;
  kind: string;
  result: ColumnType<unknown, string, never>;
  created_at: number;
  expires_at: number;
}

export interface AccountRegionsTable {
  account: string;
  region: number;
  images_used: Generated<number>;
  snapshots_used: Generated<number>;
  bytes_used: Generated<number>;
  images_limit: number | null;
  snapshots_limit: number | null;
  bytes_limit: number | null;
  copies_limit: number | null;
}

export interface ImageMembersTable {
  image: string;
  account: string;
  status: MemberStatus;
  created_at: number;
  updated_at: number;
  project: string | null;
}

export interface EventsTable {
  id: GeneratedAlways<number>;
  transaction: Generated<string>;
  at: number;
  account: string;
  type: string;
  outcome: string;
  actor_kind: PrincipalKind;
  actor_account: string | null;
  actor_user: string | null;
  actor_name: string;
  access_key: string | null;
  resource_type: string;
  resource_id: string;
  region: number | null;
  protocol: string | null;
  request: string | null;
  address: string | null;
  details: ColumnType<Readonly<Record<string, unknown>>, string, string>;
}

export interface WebhooksTable {
  id: string;
  account: string;
  url: string;
  description: string;
  secret: Buffer;
  types: string[];
  created_at: number;
  disabled_at: number | null;
  busy_until: Generated<number>;
}

export interface WebhookDeliveriesTable {
  id: Generated<string>;
  webhook: string;
  event: number;
  state: Generated<'pending' | 'delivered' | 'failed'>;
  attempts: Generated<number>;
  next_attempt_at: number;
  last_status: number | null;
  last_error: string | null;
  finished_at: number | null;
}
