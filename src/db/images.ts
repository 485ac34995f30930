/** The rows of images with their disks, snapshots and tags. */
import { sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { isUuid } from '../domain/ids.ts';
import type { Image } from '../domain/image.ts';
import { type ImageEvent, type ImageState, imageStatesBefore, nextImageState } from '../domain/states.ts';
import { condemnUnused } from './condemn.ts';
import type { Db, Trx } from './database.ts';

/** Inserts the image with everything that belongs to it; its region must be known. */
export async function insertImage(trx: Trx, image: Image): Promise<void> {
  await trx
    .insertInto('images')
    .values(({ selectFrom }) => ({
      id: image.id,
      aliyun_id: image.aliyunId,
      jdcloud_id: image.jdcloudId,
      account: image.accountId,
      region: selectFrom('regions').select('number').where('id', '=', image.region),
      name: image.name,
      description: image.description,
      kind: image.kind,
      root_device: image.rootDevice,
      state: image.state,
      source_image: image.sourceImageId,
      created_at: image.createdAt,
      updated_at: image.updatedAt,
    }))
    .execute();
  const tags = Object.entries(image.tags).map(([key, value]) => ({ image: image.id, key, value }));
  if (tags.length > 0) await trx.insertInto('image_tags').values(tags).execute();
  await trx
    .insertInto('disks')
    .values(image.disks.map(({ index, role, format, size }) => ({ image: image.id, index, role, format, size })))
    .execute();
  await trx
    .insertInto('snapshots')
    .values(
      image.disks.map(({ index, snapshot }) => ({
        id: snapshot.id,
        aliyun_id: snapshot.aliyunId,
        jdcloud_id: snapshot.jdcloudId,
        image: image.id,
        disk: index,
      })),
    )
    .execute();
}

function selectImages(db: Db | Trx) {
  return db
    .selectFrom('images')
    .innerJoin('regions', 'regions.number', 'images.region')
    .select([
      'images.id',
      'images.aliyun_id as aliyunId',
      'images.jdcloud_id as jdcloudId',
      'images.account as accountId',
      'regions.id as region',
      'images.name',
      'images.description',
      'images.kind',
      'images.root_device as rootDevice',
      'images.state',
      'images.source_image as sourceImageId',
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
                .whereRef('snapshots.image', '=', 'disks.image')
                .whereRef('snapshots.disk', '=', 'disks.index'),
            )
              .$notNull()
              .as('snapshot'),
          ])
          .whereRef('disks.image', '=', 'images.id')
          .orderBy('disks.index'),
      ).as('disks'),
    ]);
}

/** The column that an id of this shape is kept in; undefined for what no image is called. */
function idColumn(id: string): 'images.id' | 'images.aliyun_id' | 'images.jdcloud_id' | undefined {
  if (isUuid(id)) return 'images.id';
  if (/^m-[a-z0-9]{20}$/.test(id)) return 'images.aliyun_id';
  return /^img-[a-z0-9]{10}$/.test(id) ? 'images.jdcloud_id' : undefined;
}

/** The account's image of this id, which may be any of its three. */
export async function findImage(db: Db | Trx, accountId: string, id: string): Promise<Image | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  return await selectImages(db).where('images.account', '=', accountId).where(column, '=', id).executeTakeFirst();
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
): Promise<Image | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  const query = trx.selectFrom('images').select('id').where('account', '=', accountId).where(column, '=', id);
  const row = await (lock === 'share' ? query.forShare() : query.forUpdate()).executeTakeFirst();
  return row && (await findImage(trx, accountId, row.id));
}

/** Moves the image to the state that `event` leads to, if it is in one where it can happen; tells whether it was. */
export async function moveImage(trx: Trx, id: string, event: ImageEvent, now: number): Promise<boolean> {
  const from = imageStatesBefore(event);
  const state = nextImageState(from[0] as ImageState, event) as ImageState;
  const moved = await trx
    .updateTable('images')
    .set({ state, updated_at: now })
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst();
  return moved.numUpdatedRows === 1n;
}

/** Deletes the image with its disks, snapshots and tags, and condemns what only it needed (D1). */
export async function deleteImageRows(trx: Trx, id: string, now: number): Promise<void> {
  const disks = await trx.deleteFrom('disks').where('image', '=', id).returning('manifest').execute();
  await trx.deleteFrom('images').where('id', '=', id).execute();
  await condemnUnused(
    trx,
    disks.flatMap(({ manifest }) => manifest ?? []),
    now,
  );
}

export interface ImageFilter {
  readonly region?: string | undefined;
  readonly name?: string | undefined;
  readonly state?: ImageState | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listImages(db: Db, accountId: string, filter: ImageFilter): Promise<Image[]> {
  let query = selectImages(db).where('images.account', '=', accountId);
  if (filter.region !== undefined) query = query.where('regions.id', '=', filter.region);
  if (filter.name !== undefined) query = query.where('images.name', '=', filter.name);
  if (filter.state !== undefined) query = query.where('images.state', '=', filter.state);
  return await query.orderBy('images.created_at', 'desc').orderBy('images.id').limit(filter.limit).execute();
}
