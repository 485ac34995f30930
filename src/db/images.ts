/**
 * The rows of images with their disks and tags, and of the snapshots that are made with them: inserted, read, locked and changed
 * by hand. What a new image takes is charged to its account's quotas in the same transaction; image-states.ts has what becomes
 * of it.
 */
import { type RawBuilder, sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { isUuid } from '../domain/ids.ts';
import type { Disk, Image, SnapshotIds, Visibility } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import { type Charge, chargeOf, chargeOfSnapshots } from '../domain/quota.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import type { SnapshotSource } from '../domain/snapshot.ts';
import { charge } from './account-regions.ts';
import { buildOnce } from './build-once.ts';
import type { Db, Trx } from './database.ts';
import { recordState } from './events.ts';
import { handOver, type SnapshotBytes } from './snapshots.ts';

export interface NewDisk extends Disk {
  /** `source`: what it is to be a copy of. */
  readonly snapshot: SnapshotIds & { readonly source?: SnapshotSource | null };
}

export interface NewImage
  extends Omit<Image, 'accountName' | 'accountNumber' | 'resourceGroupAliyunId' | 'revision' | 'disks'> {
  readonly disks: readonly NewDisk[];
}

/** Inserts the image with everything that belongs to it, and charges it; its region must be known. */
export async function insertImage(trx: Trx, image: NewImage): Promise<void> {
  const taken = chargeOf(image.disks);
  // One statement, since copies are accepted one after the other under the lock of their destination.
  await withImage(trx, image, taken, taken.bytes)
    .with('disk', (part) => part.insertInto('disks').values(image.disks.map((disk) => diskRow(image, disk))))
    .insertInto('snapshots')
    .values(({ selectFrom }) =>
      image.disks.map(({ role, format, size, snapshot }) => ({
        id: snapshot.id,
        aliyun_id: snapshot.aliyunId,
        jdcloud_id: snapshot.jdcloudId,
        account: image.accountId,
        region: selectFrom('regions').select('number').where('id', '=', image.region),
        project: image.projectId,
        name: image.name,
        role,
        format,
        size,
        source: snapshot.source ? JSON.stringify(snapshot.source) : null,
        created_at: image.createdAt,
      })),
    )
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

function diskRow(image: NewImage, { index, role, format, size, snapshot }: NewDisk) {
  return { image: image.id, index, role, format, size, snapshot: snapshot.id };
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
      state: image.state,
      source_image: image.sourceImageId,
      project: image.projectId,
      resource_group: image.resourceGroupId,
      visibility: image.visibility,
      protected: image.protected,
      quota_bytes: bytes,
      created_at: image.createdAt,
      updated_at: image.updatedAt,
    })),
  );
}

/** The statement that inserts the tags, the same for any number of them. */
function insertTags(image: string, tags: Readonly<Record<string, string>>): RawBuilder<unknown> {
  return sql`INSERT INTO image_tags (image, key, value) SELECT ${image}, key, value FROM jsonb_each_text(${JSON.stringify(tags)})`;
}

/** Every image, with all that is shown of it. */
export function selectImages(db: Db | Trx) {
  return db
    .selectFrom('images')
    .innerJoin('regions', 'regions.number', 'images.region')
    .innerJoin('accounts', 'accounts.id', 'images.account')
    .leftJoin('resource_groups', 'resource_groups.id', 'images.resource_group')
    .select([
      'images.id',
      'images.aliyun_id as aliyunId',
      'images.jdcloud_id as jdcloudId',
      'images.account as accountId',
      'accounts.name as accountName',
      'accounts.number as accountNumber',
      'regions.id as region',
      'images.project as projectId',
      'images.resource_group as resourceGroupId',
      'resource_groups.aliyun_id as resourceGroupAliyunId',
      'images.name',
      'images.description',
      'images.kind',
      'images.root_device as rootDevice',
      'images.attributes',
      'images.state',
      'images.visibility',
      'images.protected',
      'images.source_image as sourceImageId',
      'images.revision',
      'images.created_at as createdAt',
      'images.updated_at as updatedAt',
    ])
    .select((image) => [
      sql<
        Record<string, string>
      >`coalesce((SELECT jsonb_object_agg(key, value) FROM image_tags WHERE image = images.id), '{}')`.as('tags'),
      jsonArrayFrom(
        image
          .selectFrom('disks')
          .leftJoin('manifests', (join) =>
            join.onRef('manifests.id', '=', 'disks.manifest').on('manifests.state', '=', 'live'),
          )
          .select((disk) => [
            'disks.index',
            'disks.role',
            'disks.format',
            'disks.size',
            'manifests.data_bytes as dataBytes',
            sql<string | null>`encode(manifests.digest, 'hex')`.as('digest'),
            jsonObjectFrom(
              disk
                .selectFrom('snapshots')
                .select(['snapshots.id', 'snapshots.aliyun_id as aliyunId', 'snapshots.jdcloud_id as jdcloudId'])
                .whereRef('snapshots.id', '=', 'disks.snapshot'),
            )
              .$notNull()
              .as('snapshot'),
          ])
          .whereRef('disks.image', '=', 'images.id')
          .orderBy('disks.index'),
      ).as('disks'),
    ]);
}

type IdColumn = 'images.id' | 'images.aliyun_id' | 'images.jdcloud_id';

/** The column that an id of this shape is kept in; undefined for what no image is called. */
export function idColumn(id: string): IdColumn | undefined {
  if (isUuid(id)) return 'images.id';
  if (/^m-[a-z0-9]{20}$/.test(id)) return 'images.aliyun_id';
  return /^img-[a-z0-9]{10}$/.test(id) ? 'images.jdcloud_id' : undefined;
}

function byColumn<Reader>(readerBy: (column: IdColumn) => Reader): Readonly<Record<IdColumn, Reader>> {
  return {
    'images.id': readerBy('images.id'),
    'images.aliyun_id': readerBy('images.aliyun_id'),
    'images.jdcloud_id': readerBy('images.jdcloud_id'),
  };
}

interface ById {
  readonly id: string;
}

const readRow = byColumn((column) => buildOnce((db, { id }: ById) => selectImages(db).where(column, '=', id)));

/** `seenRevision`: which one the statement sees, whatever the row has become while its lock was waited for. */
const seenRevision = sql<number>`(SELECT seen.revision FROM images seen WHERE seen.id = images.id)`.as('seenRevision');
const selectSeen = (db: Db | Trx) => selectImages(db).select(seenRevision);

const lockRow = {
  share: byColumn((column) =>
    buildOnce((db, { id }: ById) => selectSeen(db).where(column, '=', id).forShare('images')),
  ),
  update: byColumn((column) =>
    buildOnce((db, { id }: ById) => selectSeen(db).where(column, '=', id).forUpdate('images')),
  ),
};

/** An image that somebody asked for, with what its account is to it. */
export interface SeenImage {
  readonly image: Image;
  /** Null for an account that it is not shared with. */
  readonly membership: MemberStatus | null;
}

/** The image of this id, any of its three, whoever's it is: who may see it is for the caller to say (`may`). */
export async function findImage(db: Db | Trx, accountId: string, id: string): Promise<SeenImage | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  const [image] = await readRow[column](db, { id });
  return image && (await withMembership(db, accountId, image));
}

async function withMembership(db: Db | Trx, accountId: string, image: Image): Promise<SeenImage> {
  if (image.accountId === accountId || image.visibility === 'private') return { image, membership: null };
  const member = await db
    .selectFrom('image_members')
    .select('status')
    .where('image', '=', image.id)
    .where('account', '=', accountId)
    .executeTakeFirst();
  return { image, membership: member?.status ?? null };
}

/**
 * Keeps others from changing, deleting or locking the image until the transaction ends; it need not be there. Of an image and
 * what belongs to it the image is locked first (docs/invariants.md).
 */
export async function holdImage(trx: Trx, id: string): Promise<void> {
  await trx.selectFrom('images').select('id').where('id', '=', id).forUpdate().execute();
}

/**
 * As {@link findImage}, with the row locked until the transaction ends: `share` keeps others from changing or deleting the
 * image, `update` also keeps them from locking it.
 */
export async function lockImage(
  trx: Trx,
  accountId: string,
  id: string,
  lock: 'share' | 'update',
): Promise<SeenImage | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  const [locked] = await lockRow[lock][column](trx, { id });
  if (locked === undefined) return undefined;
  const { seenRevision: seen, ...image } = locked;
  // Changed while the lock was waited for: its row is the new one here, and what belongs to it the old.
  if (seen !== image.revision) return await findImage(trx, accountId, image.id);
  return await withMembership(trx, accountId, image);
}

/** What can be changed of an image by hand. */
export interface ImageChanges {
  readonly name?: string;
  readonly description?: string;
  /** All of them. */
  readonly attributes?: ImageAttributes;
  readonly protected?: boolean;
  readonly visibility?: Visibility;
  readonly resourceGroupId?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Changes the image and counts its revision up. */
export async function changeImage(trx: Trx, id: string, changes: ImageChanges, now: number): Promise<void> {
  const { tags, attributes, resourceGroupId, ...columns } = changes;
  await trx
    .updateTable('images')
    .set(({ eb }) => ({
      ...columns,
      ...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
      ...(resourceGroupId === undefined ? {} : { resource_group: resourceGroupId }),
      updated_at: now,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', id)
    .execute();
  if (tags === undefined) return;
  await trx.deleteFrom('image_tags').where('image', '=', id).execute();
  await insertTags(id, tags).execute(trx);
}
