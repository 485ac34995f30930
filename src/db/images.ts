/**
 * The rows of images with their disks and tags: read, locked and changed by hand. new-images.ts inserts them, image-states.ts has
 * what becomes of them.
 */
import { type RawBuilder, sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { isUuid } from '../domain/ids.ts';
import type { Image, Visibility } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import { buildOnce } from './build-once.ts';
import type { Db, Trx } from './database.ts';

/** The statement that inserts the tags, the same for any number of them. */
export function insertTags(image: string, tags: Readonly<Record<string, string>>): RawBuilder<unknown> {
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
      'images.properties',
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
          .leftJoin('manifests', 'manifests.id', 'disks.manifest')
          .select((disk) => [
            'disks.index',
            'disks.role',
            'disks.format',
            'disks.size',
            'manifests.data_bytes as dataBytes',
            sql<string | null>`CASE WHEN manifests.data_key IS NULL THEN encode(manifests.digest, 'hex') END`.as(
              'digest',
            ),
            sql<string | null>`CASE WHEN manifests.data_key IS NULL THEN images.upload_key
              ELSE (SELECT data_keys.key FROM data_keys WHERE data_keys.id = manifests.data_key) END`.as('key'),
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

/**
 * The ids in the order in which their images are locked: that of the UUIDs, whichever of its three ids an image is called by
 * (docs/invariants.md). Those that no image has are among them.
 */
export async function inLockOrder(trx: Trx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 1 || ids.every(isUuid)) return ids.toSorted();
  const { rows } = await sql<{ id: string; aliyunId: string; jdcloudId: string }>`
    SELECT id, aliyun_id AS "aliyunId", jdcloud_id AS "jdcloudId" FROM images
    WHERE id = any(${ids.filter(isUuid)}::uuid[]) OR aliyun_id = any(${ids}::text[])
      OR jdcloud_id = any(${ids}::text[])`.execute(trx);
  const uuids = new Map(rows.flatMap(({ id, aliyunId, jdcloudId }) => [[aliyunId, id] as const, [jdcloudId, id]]));
  const place = (id: string) => uuids.get(id) ?? id;
  return ids.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
}

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
  /** All of them. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly protected?: boolean;
  readonly visibility?: Visibility;
  readonly resourceGroupId?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Changes the image and counts its revision up. */
export async function changeImage(trx: Trx, id: string, changes: ImageChanges, now: number): Promise<void> {
  const { tags, attributes, properties, resourceGroupId, ...columns } = changes;
  await trx
    .updateTable('images')
    .set(({ eb }) => ({
      ...columns,
      ...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
      ...(properties === undefined ? {} : { properties: JSON.stringify(properties) }),
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
