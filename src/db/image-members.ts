/** Who images are shared with. */
import { sql } from 'kysely';
import type { Image } from '../domain/image.ts';
import type { ImageMember, MemberStatus } from '../domain/sharing.ts';
import type { Db, Trx } from './database.ts';
import { selectImages } from './images.ts';
import type { Cursor } from './paging.ts';

/** The image's members, by account name. */
export async function readMembers(db: Db | Trx, image: string): Promise<ImageMember[]> {
  return await db
    .selectFrom('image_members')
    .innerJoin('accounts', 'accounts.id', 'image_members.account')
    .select([
      'image_members.image as imageId',
      'accounts.id as accountId',
      'accounts.name as accountName',
      'accounts.number as accountNumber',
      'image_members.status',
      'image_members.created_at as createdAt',
      'image_members.updated_at as updatedAt',
    ])
    .where('image_members.image', '=', image)
    .orderBy('accounts.name')
    .execute();
}

/** Adds the account, or leaves what it has answered, which `accepted` does for one that has not; the image is `shared` from now on unless it is public. */
export async function insertMember(
  trx: Trx,
  member: { readonly image: string; readonly account: string; readonly status: MemberStatus },
  now: number,
): Promise<void> {
  await trx
    .insertInto('image_members')
    .values({ ...member, created_at: now, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['image', 'account'])
        .doUpdateSet({ status: member.status, updated_at: now })
        .where('image_members.status', '=', 'pending')
        .where(sql.lit(member.status), '=', 'accepted'),
    )
    .execute();
  await trx
    .updateTable('images')
    .set({ visibility: 'shared' })
    .where('id', '=', member.image)
    .where('visibility', '=', 'private')
    .execute();
}

/** Takes the account away, and the last one makes a shared image private; false when it was no member. */
export async function deleteMember(trx: Trx, image: string, account: string): Promise<boolean> {
  const deleted = await trx
    .deleteFrom('image_members')
    .where('image', '=', image)
    .where('account', '=', account)
    .executeTakeFirst();
  await sql`
    UPDATE images SET visibility = 'private' WHERE id = ${image} AND visibility = 'shared'
      AND NOT EXISTS (SELECT FROM image_members WHERE image = ${image})`.execute(trx);
  return deleted.numDeletedRows === 1n;
}

/** What the invited account answers; false when it is not invited. */
export async function answerMember(
  trx: Trx,
  image: string,
  account: string,
  status: MemberStatus,
  now: number,
): Promise<boolean> {
  const updated = await trx
    .updateTable('image_members')
    .set({ status, updated_at: now })
    .where('image', '=', image)
    .where('account', '=', account)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** An image as the account sees it that it is shared with. */
export interface Share {
  readonly image: Image;
  readonly status: MemberStatus;
  /** Epoch milliseconds, as below. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ShareFilter {
  readonly status?: MemberStatus | undefined;
  readonly image?: string | undefined;
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** What is shared with the account, newest first. */
export async function listShares(db: Db | Trx, accountId: string, filter: ShareFilter): Promise<Share[]> {
  let query = selectImages(db)
    .innerJoin('image_members', 'image_members.image', 'images.id')
    .select(['image_members.status', 'image_members.created_at as sharedAt', 'image_members.updated_at as answeredAt'])
    .where('image_members.account', '=', accountId);
  const { status, image, after } = filter;
  if (status !== undefined) query = query.where('image_members.status', '=', status);
  if (image !== undefined) query = query.where('images.id', '=', image);
  if (after !== undefined) {
    query = query.where(sql<boolean>`(image_members.created_at, images.id) < (${after.value}, ${after.id}::uuid)`);
  }
  const rows = await query
    .orderBy('image_members.created_at', 'desc')
    .orderBy('images.id', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map(({ status, sharedAt, answeredAt, ...image }) => ({
    image,
    status,
    createdAt: sharedAt,
    updatedAt: answeredAt,
  }));
}
