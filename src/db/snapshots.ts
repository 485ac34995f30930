/**
 * The rows of snapshots. While an image stands on a snapshot its disk has the bytes, and they count for the image; when the
 * last one goes and the snapshot stays, the snapshot has them, and they count for itself. Which images stand on it changes
 * under the lock of the account's part of the region only.
 */
import { sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { isUuid } from '../domain/ids.ts';
import { type Snapshot, snapshotPercent, snapshotState } from '../domain/snapshot.ts';
import type { ImageState } from '../domain/states.ts';
import { giveBack } from './account-regions.ts';
import { condemnUnused } from './condemn.ts';
import type { Db, Trx } from './database.ts';

/** The state of an image that stands on the snapshot; null without one. Any will do (`imageStatesBehind`). */
export const imageStateBehind = sql<ImageState | null>`(
  SELECT images.state FROM disks JOIN images ON images.id = disks.image WHERE disks.snapshot = snapshots.id LIMIT 1)`;

/** Of a snapshot whose bytes are still on their way it is the pending one. */
const manifestBehind = sql<string>`coalesce(snapshots.manifest, (
  SELECT disks.manifest FROM disks WHERE disks.snapshot = snapshots.id LIMIT 1))`;

/** Of what it is encrypted with; null where it is not. */
export const keyBehind = sql<string | null>`(
  SELECT data_keys.key FROM manifests m JOIN data_keys ON data_keys.id = m.data_key WHERE m.id = ${manifestBehind})`;

/** Every snapshot, with all that is shown of it; {@link toSnapshot} makes one of a row. */
export function selectSnapshots(db: Db | Trx) {
  return db
    .selectFrom('snapshots')
    .innerJoin('regions', 'regions.number', 'snapshots.region')
    .leftJoin('resource_groups', 'resource_groups.id', 'snapshots.resource_group')
    .leftJoin('manifests', (join) => join.on('manifests.id', '=', manifestBehind).on('manifests.state', '=', 'live'))
    .select([
      'snapshots.id',
      'snapshots.aliyun_id as aliyunId',
      'snapshots.jdcloud_id as jdcloudId',
      'snapshots.account as accountId',
      'regions.id as region',
      'snapshots.project as projectId',
      'snapshots.resource_group as resourceGroupId',
      'resource_groups.aliyun_id as resourceGroupAliyunId',
      'snapshots.name',
      'snapshots.description',
      'snapshots.role',
      'snapshots.format',
      'snapshots.size',
      'snapshots.source',
      'snapshots.created_at as createdAt',
      'manifests.data_bytes as dataBytes',
      keyBehind.as('key'),
      imageStateBehind.as('imageState'),
      sql<
        Record<string, string>
      >`coalesce((SELECT jsonb_object_agg(key, value) FROM snapshot_tags WHERE snapshot = snapshots.id), '{}')`.as(
        'tags',
      ),
    ])
    .select((snapshot) => [
      jsonArrayFrom(
        snapshot
          .selectFrom('disks')
          .innerJoin('images', 'images.id', 'disks.image')
          .select(['images.id', 'images.aliyun_id as aliyunId', 'images.jdcloud_id as jdcloudId'])
          .select('images.project as projectId')
          .whereRef('disks.snapshot', '=', 'snapshots.id')
          .orderBy('images.created_at')
          .orderBy('images.id'),
      ).as('images'),
      jsonObjectFrom(
        snapshot
          .selectFrom('disks')
          .innerJoin('copies', 'copies.destination_image', 'disks.image')
          .select(['copies.bytes_done as bytesDone', 'copies.bytes_total as bytesTotal'])
          .whereRef('disks.snapshot', '=', 'snapshots.id')
          .where('copies.finished_at', 'is', null)
          .limit(1),
      ).as('copied'),
    ]);
}

type SnapshotRow = Awaited<ReturnType<ReturnType<typeof selectSnapshots>['executeTakeFirstOrThrow']>>;

export function toSnapshot({ imageState, copied, ...row }: SnapshotRow): Snapshot {
  const state = snapshotState(imageState);
  return { ...row, state, percent: snapshotPercent(state, copied), inUse: row.images.length > 0 };
}

/** The column that an id of this shape is kept in; undefined for what no snapshot is called. */
export function idColumn(id: string): 'snapshots.id' | 'snapshots.aliyun_id' | 'snapshots.jdcloud_id' | undefined {
  if (isUuid(id)) return 'snapshots.id';
  if (/^s-[a-z0-9]{20}$/.test(id)) return 'snapshots.aliyun_id';
  return /^snapshot-[a-z0-9]{10}$/.test(id) ? 'snapshots.jdcloud_id' : undefined;
}

/** The snapshot of this id, any of its three, whoever's it is: who may see it is for the caller to say (`may`). */
export async function findSnapshot(db: Db | Trx, id: string): Promise<Snapshot | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  const row = await selectSnapshots(db).where(column, '=', id).executeTakeFirst();
  return row && toSnapshot(row);
}

/** As {@link findSnapshot}, with the row locked until the transaction ends. */
export async function lockSnapshot(trx: Trx, id: string): Promise<Snapshot | undefined> {
  const column = idColumn(id);
  if (column === undefined) return undefined;
  const row = await trx.selectFrom('snapshots').select('id').where(column, '=', id).forUpdate().executeTakeFirst();
  return row && (await findSnapshot(trx, row.id));
}

/** The projects of the snapshots of these UUIDs, which they stay in. */
export async function readSnapshotProjects(db: Db | Trx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('snapshots')
    .select(['id', 'project'])
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
  return new Map(rows.map(({ id, project }) => [id, project]));
}

/** Where the bytes of an accomplished snapshot are. */
export interface SnapshotBytes {
  readonly manifest: string;
  readonly dataBytes: number;
  /** No image stands on it, so that it counts for its bytes itself. */
  readonly unused: boolean;
}

/** The bytes of the snapshots of these UUIDs, of those that have theirs; they stay under the lock of the account's part of the region. */
export async function readSnapshotBytes(db: Db | Trx, ids: readonly string[]): Promise<Map<string, SnapshotBytes>> {
  const rows = await db
    .selectFrom('snapshots')
    .innerJoin('manifests', (join) => join.on('manifests.id', '=', manifestBehind).on('manifests.state', '=', 'live'))
    .select(['snapshots.id', 'manifests.id as manifest', 'manifests.data_bytes as dataBytes'])
    .select(sql<boolean>`snapshots.manifest IS NOT NULL`.as('unused'))
    .where('snapshots.id', '=', sql<string>`any(${ids}::uuid[])`)
    .$narrowType<{ dataBytes: number }>()
    .execute();
  return new Map(rows.map(({ id, ...bytes }) => [id, bytes]));
}

/** What becomes of the snapshots of disks that have just been deleted. */
interface DeletedDisk {
  readonly snapshot: string;
  readonly manifest: string | null;
}

/** Lets those that no image stands on any more have their bytes themselves (D1); returns them. */
export async function keepUnused(
  trx: Trx,
  disks: readonly DeletedDisk[],
): Promise<{ id: string; dataBytes: number }[]> {
  const { rows } = await sql<{ id: string; dataBytes: number }>`
    UPDATE snapshots SET manifest = m.id
    FROM unnest(${disks.map(({ snapshot }) => snapshot)}::uuid[], ${disks.map(({ manifest }) => manifest)}::uuid[])
           AS disk (snapshot, manifest)
    JOIN manifests m ON m.id = disk.manifest
    WHERE snapshots.id = disk.snapshot AND NOT EXISTS (SELECT FROM disks d WHERE d.snapshot = snapshots.id)
    RETURNING snapshots.id, m.data_bytes AS "dataBytes"`.execute(trx);
  return rows;
}

/** Deletes those that neither an image nor their own bytes hold; returns how many. */
export async function dropUnused(trx: Trx, disks: readonly DeletedDisk[]): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('snapshots')
    .where('id', '=', sql<string>`any(${disks.map(({ snapshot }) => snapshot)}::uuid[])`)
    .where('manifest', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('disks').select('disks.image').whereRef('disks.snapshot', '=', 'snapshots.id'))),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** An image stands on them from now on, and has their bytes. */
export async function handOver(trx: Trx, ids: readonly string[]): Promise<void> {
  await trx
    .updateTable('snapshots')
    .set({ manifest: null })
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Deletes a snapshot that no image stands on, gives back what it took, and condemns what nothing needs any more (D1). */
export async function deleteSnapshotRow(trx: Trx, { id, dataBytes }: Snapshot, now: number): Promise<void> {
  const row = await trx
    .deleteFrom('snapshots')
    .where('id', '=', id)
    .returning(['account', 'region', 'manifest'])
    .executeTakeFirstOrThrow();
  await giveBack(trx, row, { snapshots: 1, bytes: dataBytes ?? 0 });
  if (row.manifest !== null) await condemnUnused(trx, [row.manifest], now);
}

/** What can be changed of a snapshot by hand. */
export interface SnapshotChanges {
  readonly name?: string;
  readonly description?: string;
  readonly resourceGroupId?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

export async function changeSnapshot(trx: Trx, id: string, changes: SnapshotChanges): Promise<void> {
  const { tags, resourceGroupId, ...plain } = changes;
  const columns = { ...plain, ...(resourceGroupId === undefined ? {} : { resource_group: resourceGroupId }) };
  if (Object.keys(columns).length > 0) {
    await trx.updateTable('snapshots').set(columns).where('id', '=', id).execute();
  }
  if (tags === undefined) return;
  await trx.deleteFrom('snapshot_tags').where('snapshot', '=', id).execute();
  const rows = Object.entries(tags).map(([key, value]) => ({ snapshot: id, key, value }));
  if (rows.length > 0) await trx.insertInto('snapshot_tags').values(rows).execute();
}
