/**
 * The rows of images with their disks, snapshots and tags. Whatever changes how much an image takes, charges its account's
 * quotas in the same statement's transaction, and whatever changes its state leaves an event.
 */
import { sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { isUuid } from '../domain/ids.ts';
import type { Image, Visibility } from '../domain/image.ts';
import { chargeOf } from '../domain/quota.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import { type ImageEvent, type ImageState, imageStatesBefore, nextImageState } from '../domain/states.ts';
import { charge, giveBack } from './account-regions.ts';
import { condemnUnused } from './condemn.ts';
import type { Db, Trx } from './database.ts';
import { recordState } from './events.ts';

export type NewImage = Omit<Image, 'accountName' | 'accountNumber' | 'revision'>;

/** Inserts the image with everything that belongs to it, and charges it; its region must be known. */
export async function insertImage(trx: Trx, image: NewImage): Promise<void> {
  const taken = chargeOf(image.disks);
  await charge(trx, image, taken);
  const snapshots = image.disks.map(({ index, snapshot }) => ({
    id: snapshot.id,
    aliyun_id: snapshot.aliyunId,
    jdcloud_id: snapshot.jdcloudId,
    image: image.id,
    disk: index,
  }));
  // One statement, since copies are accepted one after the other under the lock of their destination.
  await trx
    .with('image', (part) =>
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
        state: image.state,
        source_image: image.sourceImageId,
        project: image.projectId,
        resource_group: image.resourceGroupId,
        visibility: image.visibility,
        protected: image.protected,
        quota_bytes: taken.bytes,
        created_at: image.createdAt,
        updated_at: image.updatedAt,
      })),
    )
    .with('disk', (part) =>
      part
        .insertInto('disks')
        .values(image.disks.map(({ index, role, format, size }) => ({ image: image.id, index, role, format, size }))),
    )
    .insertInto('snapshots')
    .values(snapshots)
    .execute();
  await insertTags(trx, image.id, image.tags);
}

async function insertTags(trx: Trx, image: string, tags: Readonly<Record<string, string>>): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ image, key, value }));
  if (rows.length > 0) await trx.insertInto('image_tags').values(rows).execute();
}

/** Every image, with all that is shown of it. */
export function selectImages(db: Db | Trx) {
  return db
    .selectFrom('images')
    .innerJoin('regions', 'regions.number', 'images.region')
    .innerJoin('accounts', 'accounts.id', 'images.account')
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
      'images.name',
      'images.description',
      'images.kind',
      'images.root_device as rootDevice',
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
  const image = await selectImages(db).where(column, '=', id).executeTakeFirst();
  if (image === undefined) return undefined;
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
  const query = trx.selectFrom('images').select('id').where(column, '=', id);
  const row = await (lock === 'share' ? query.forShare() : query.forUpdate()).executeTakeFirst();
  return row && (await findImage(trx, accountId, row.id));
}

const regionOfImage = sql<string>`(SELECT id FROM regions WHERE number = images.region)`.as('regionId');

/** Moves the image to the state that `event` leads to, if it is in one where it can happen; tells whether it was. */
export async function moveImage(trx: Trx, id: string, event: ImageEvent, now: number): Promise<boolean> {
  const from = imageStatesBefore(event);
  const state = nextImageState(from[0] as ImageState, event) as ImageState;
  const moved = await trx
    .updateTable('images')
    .set(({ eb }) => ({ state, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning(['account', 'region', 'quota_bytes as bytes', 'source_image as source'])
    .returning(regionOfImage)
    .executeTakeFirst();
  if (moved === undefined) return false;
  if (state === 'failed') {
    const { count } = await trx
      .selectFrom('disks')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('image', '=', id)
      .executeTakeFirstOrThrow();
    await giveBack(trx, moved, { images: 1, snapshots: count, bytes: moved.bytes });
  }
  if (event === 'completed') await settleBytes(trx, id, moved);
  const { account, source, regionId } = moved;
  await recordState(
    trx,
    {
      accountId: account,
      type: `image.${state}`,
      resource: { type: 'image', id },
      region: regionId,
      details: source === null ? {} : { sourceImageId: source },
    },
    now,
  );
  return true;
}

/** From now on the image counts for the data that is there, and no more for what was announced. */
async function settleBytes(
  trx: Trx,
  id: string,
  reserved: { account: string; region: number; bytes: number },
): Promise<void> {
  const { rows } = await sql<{ bytes: number }>`
    UPDATE images SET quota_bytes = (
      SELECT sum(m.data_bytes) FROM disks d JOIN manifests m ON m.id = d.manifest WHERE d.image = ${id})
    WHERE id = ${id} RETURNING quota_bytes AS bytes`.execute(trx);
  await giveBack(trx, reserved, { bytes: reserved.bytes - (rows[0]?.bytes ?? 0) });
}

/** Deletes the image with its disks, snapshots and tags, gives back what it took, and condemns what only it needed (D1). */
export async function deleteImageRows(trx: Trx, id: string, now: number): Promise<void> {
  const disks = await trx.deleteFrom('disks').where('image', '=', id).returning('manifest').execute();
  const image = await trx
    .deleteFrom('images')
    .where('id', '=', id)
    .returning(['account', 'region', 'state', 'quota_bytes as bytes'])
    .returning(regionOfImage)
    .executeTakeFirst();
  if (image === undefined) return;
  if (image.state !== 'failed') {
    await giveBack(trx, image, { images: 1, snapshots: disks.length, bytes: image.bytes });
  }
  await condemnUnused(
    trx,
    disks.flatMap(({ manifest }) => manifest ?? []),
    now,
  );
  const resource = { type: 'image', id };
  const { account: accountId, regionId: region } = image;
  await recordState(trx, { accountId, type: 'image.deleted', resource, region, details: {} }, now);
}

/** What can be changed of an image by hand. */
export interface ImageChanges {
  readonly name?: string;
  readonly description?: string;
  readonly protected?: boolean;
  readonly visibility?: Visibility;
  readonly resourceGroupId?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Changes the image and counts its revision up. */
export async function changeImage(trx: Trx, id: string, changes: ImageChanges, now: number): Promise<void> {
  const { tags, resourceGroupId, ...columns } = changes;
  await trx
    .updateTable('images')
    .set(({ eb }) => ({
      ...columns,
      ...(resourceGroupId === undefined ? {} : { resource_group: resourceGroupId }),
      updated_at: now,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', id)
    .execute();
  if (tags === undefined) return;
  await trx.deleteFrom('image_tags').where('image', '=', id).execute();
  await insertTags(trx, id, tags);
}
