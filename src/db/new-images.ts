/**
 * The rows of new images with their disks and tags, and of the snapshots that are made with them. What a new image takes is
 * charged to its account's quotas in the same transaction.
 */
import { sql } from 'kysely';
import type { Disk, Image, SnapshotIds } from '../domain/image.ts';
import { type Charge, chargeOf, chargeOfSnapshots } from '../domain/quota.ts';
import type { SnapshotSource } from '../domain/snapshot.ts';
import { charge } from './account-regions.ts';
import type { Trx } from './database.ts';
import { recordState } from './events.ts';
import { insertTags } from './images.ts';
import { handOver, type SnapshotBytes } from './snapshots.ts';

export interface NewDisk extends Disk {
  /** `source`: what it is to be a copy of. */
  readonly snapshot: SnapshotIds & { readonly source?: SnapshotSource | null };
}

export interface NewImage
  extends Omit<Image, 'accountName' | 'accountNumber' | 'resourceGroupAliyunId' | 'revision' | 'disks'> {
  readonly disks: readonly NewDisk[];
  /** Id of the key that its disks are encrypted with as their bytes come in. */
  readonly uploadKey?: string | null;
}

/** Inserts the image with everything that belongs to it, and charges it; its region must be known. */
export async function insertImage(trx: Trx, image: NewImage): Promise<void> {
  const { disks } = image;
  const taken = chargeOf(disks);
  const row = withImage(trx, image, taken, taken.bytes);
  if (disks.length === 0) {
    await row.selectNoFrom(sql.lit(0).as('disks')).execute();
    return;
  }
  // One statement, since copies are accepted one after the other under the lock of their destination.
  await row
    .with('disk', (part) => part.insertInto('disks').values(disks.map((disk) => diskRow(image, disk))))
    .insertInto('snapshots')
    .values(disks.map((disk) => snapshotRow(image, disk)))
    .execute();
}

/**
 * Inserts an available image whose disks stand on the account's own snapshots of the region, whose bytes are given by their
 * ids, and charges it (`chargeOfSnapshots`): no byte moves, and what a snapshot counted for itself is the image's from now on.
 */
export async function insertImageOfSnapshots(
  trx: Trx,
  image: NewImage & { readonly state: 'available' },
  held: ReadonlyMap<string, SnapshotBytes>,
): Promise<void> {
  const manifestOf = ({ snapshot }: NewDisk) => (held.get(snapshot.id) as SnapshotBytes).manifest;
  await withImage(trx, image, chargeOfSnapshots([...held.values()]), chargeOf(image.disks).bytes)
    .insertInto('disks')
    .values(image.disks.map((disk) => ({ ...diskRow(image, disk), manifest: manifestOf(disk) })))
    .execute();
  await handOver(trx, [...held.keys()]);
  const { accountId, region } = image;
  const resource = { type: 'image', id: image.id };
  await recordState(trx, { accountId, type: 'image.available', resource, region, details: {} }, image.createdAt);
}

/** What of an image the rows of its disks need to know. */
export type DiskOwner = Pick<NewImage, 'id' | 'accountId' | 'region' | 'projectId' | 'name' | 'createdAt'>;

export function diskRow(image: Pick<DiskOwner, 'id'>, { index, role, format, size, snapshot }: NewDisk) {
  return { image: image.id, index, role, format, size, snapshot: snapshot.id };
}

/** The row of the snapshot that is made with the disk. */
export function snapshotRow(image: DiskOwner, { role, format, size, snapshot }: NewDisk) {
  return {
    id: snapshot.id,
    aliyun_id: snapshot.aliyunId,
    jdcloud_id: snapshot.jdcloudId,
    account: image.accountId,
    region: sql<number>`(SELECT number FROM regions WHERE id = ${image.region})`,
    project: image.projectId,
    name: image.name,
    role,
    format,
    size,
    source: snapshot.source ? JSON.stringify(snapshot.source) : null,
    created_at: image.createdAt,
  };
}

/** The image's row and tags, charged as `taken`, along with the disks that are to be inserted. */
function withImage(trx: Trx, image: NewImage, taken: Charge, bytes: number) {
  const parts = trx
    .with('charged', () => sql<Record<string, never>>`(${charge(image, taken)})`)
    .with('tag', () => sql<Record<string, never>>`(${insertTags(image.id, image.tags)})`);
  return parts.with('image', (part) =>
    part.insertInto('images').values(({ selectFrom }) => ({
      id: image.id,
      aliyun_id: image.aliyunId,
      jdcloud_id: image.jdcloudId,
      account: image.accountId,
      region: selectFrom('regions').select('number').where('id', '=', image.region),
      name: image.name,
      description: image.description,
      kind: image.kind,
      root_device: image.rootDevice,
      attributes: JSON.stringify(image.attributes),
      properties: JSON.stringify(image.properties),
      state: image.state,
      source_image: image.sourceImageId,
      project: image.projectId,
      resource_group: image.resourceGroupId,
      visibility: image.visibility,
      protected: image.protected,
      upload_key: image.uploadKey ?? null,
      quota_bytes: bytes,
      created_at: image.createdAt,
      updated_at: image.updatedAt,
    })),
  );
}
