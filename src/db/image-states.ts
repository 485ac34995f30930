/**
 * What becomes of the row of an image: the states that it enters, and its end. Whatever changes how much an image takes, charges
 * its account's quotas in the same transaction, and whatever changes its state leaves an event.
 */
import { sql } from 'kysely';
import { type ImageEvent, type ImageState, imageStatesBefore, isReadable, nextImageState } from '../domain/states.ts';
import { giveBack, lockAccountRegion } from './account-regions.ts';
import { condemnUnused } from './condemn.ts';
import type { Trx } from './database.ts';
import { recordState } from './events.ts';
import { dropUnused, keepUnused } from './snapshots.ts';

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

/**
 * Deletes the image with its disks and tags, and the snapshots that no other image stands on, except those of the UUIDs `keep`
 * that have their bytes; gives back what that took, and condemns what nothing needs any more (D1). Returns the ids of what is
 * kept.
 */
export async function deleteImageRows(
  trx: Trx,
  id: string,
  now: number,
  { keep = [] }: { readonly keep?: readonly string[] } = {},
): Promise<string[]> {
  const image = await trx
    .selectFrom('images')
    .select(['account', 'region', 'state', 'quota_bytes as bytes'])
    .select(regionOfImage)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (image === undefined) return [];
  const { account: accountId, regionId: region, state } = image;
  // Which images stand on a snapshot changes under this lock only.
  await lockAccountRegion(trx, { accountId, region });
  const disks = await trx.deleteFrom('disks').where('image', '=', id).returning(['manifest', 'snapshot']).execute();
  await trx.deleteFrom('images').where('id', '=', id).execute();
  const wanted = isReadable(state) ? disks.filter(({ snapshot }) => keep.includes(snapshot)) : [];
  const kept = wanted.length > 0 ? await keepUnused(trx, wanted) : [];
  const dropped = await dropUnused(trx, disks);
  if (state !== 'failed') {
    const keptBytes = kept.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
    await giveBack(trx, image, { images: 1, snapshots: dropped, bytes: image.bytes - keptBytes });
  }
  await condemnUnused(
    trx,
    disks.flatMap(({ manifest }) => manifest ?? []),
    now,
  );
  const resource = { type: 'image', id };
  await recordState(trx, { accountId, type: 'image.deleted', resource, region, details: {} }, now);
  return kept.map(({ id: snapshot }) => snapshot);
}
