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
      'image_members.project as projectId',
      'image_members.created_at as createdAt',
      'image_members.updated_at as updatedAt',
    ])
    .where('image_members.image', '=', image)
    .orderBy('accounts.name')
    .execute();
}

interface NewMember {
  readonly image: string;
  readonly account: string;
  readonly status: MemberStatus;
  /** The project that the account is named by; an account is one member, by the project that it was last named by. */
  readonly project?: string | undefined;
}

/**
 * Adds the account, or leaves what it has answered, which `accepted` does for one that has not; the image is `shared` from now on
 * unless it is public.
 */
export async function insertMember(
  trx: Trx,
  { image, account, status, project }: NewMember,
  now: number,
): Promise<void> {
  await sql`
    INSERT INTO image_members AS held (image, account, status, project, created_at, updated_at)
    VALUES (${image}, ${account}, ${status}, ${project ?? null}, ${now}, ${now})
    ON CONFLICT (image, account) DO UPDATE SET
      status = CASE held.status WHEN 'pending' THEN excluded.status ELSE held.status END,
      project = coalesce(excluded.project, held.project),
      updated_at = excluded.updated_at
    WHERE (held.status = 'pending' AND excluded.status <> 'pending')
      OR coalesce(excluded.project, held.project) IS DISTINCT FROM held.project`.execute(trx);
  await trx
    .updateTable('images')
    .set({ visibility: 'shared' })
    .where('id', '=', image)
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

/** Takes all accounts away, and tells which; how visible the image is then is for the caller to say. */
export async function deleteMembers(trx: Trx, image: string): Promise<string[]> {
  const deleted = await trx.deleteFrom('image_members').where('image', '=', image).returning('account').execute();
  return deleted.map(({ account }) => account).sort();
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
  readonly projectId: ImageMember['projectId'];
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
    .select(['image_members.status', 'image_members.project as namedProject'])
    .select(['image_members.created_at as sharedAt', 'image_members.updated_at as answeredAt'])
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
  return rows.map(({ status, namedProject, sharedAt, answeredAt, ...image }) => ({
    image,
    status,
    projectId: namedProject,
    createdAt: sharedAt,
    updatedAt: answeredAt,
  }));
}
