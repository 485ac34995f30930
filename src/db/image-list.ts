/** Lists of images: filters, search, sorting, and pages that go on where the last one ended. */
import { type ExpressionBuilder, sql } from 'kysely';
import { isUuid } from '../domain/ids.ts';
import type { Image, ImageKind, Visibility } from '../domain/image.ts';
import type { ImageOwner, ImageSort } from '../domain/image-query.ts';
import type { Principal } from '../domain/principal.ts';
import type { ImageState } from '../domain/states.ts';
import type { Db, Trx } from './database.ts';
import { selectImages } from './images.ts';
import { type Cursor, likePattern } from './paging.ts';
import type { Database } from './schema.ts';

export interface ImageFilter {
  readonly owner: ImageOwner;
  readonly region?: string | undefined;
  readonly project?: string | undefined;
  /** Of the account's own images only those in these projects, and none that is only shared with it; null: all. */
  readonly projects: readonly string[] | null;
  readonly name?: string | undefined;
  /** A part of the name or the description, in any case, or a whole id. */
  readonly search?: string | undefined;
  readonly states?: readonly ImageState[] | undefined;
  readonly kind?: ImageKind | undefined;
  readonly visibility?: Visibility | undefined;
  /** All of them; a null value stands for any. */
  readonly tags?: readonly { readonly key: string; readonly value: string | null }[] | undefined;
  /** Id of the image that it was copied from. */
  readonly source?: string | undefined;
  readonly resourceGroup?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number | undefined;
  readonly sort: ImageSort;
  readonly descending: boolean;
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

const totalSize = sql<number>`(SELECT coalesce(sum(size), 0)::bigint FROM disks WHERE disks.image = images.id)`;
const sortColumns = {
  createdAt: sql<number>`images.created_at`,
  updatedAt: sql<number>`images.updated_at`,
  name: sql<string>`images.name`,
  size: totalSize,
} as const;

type ImageExpression = ExpressionBuilder<Database, 'images'>;

/** A page of the images that the account sees and the filter lets through. */
export async function listImages(db: Db, accountId: string, filter: ImageFilter): Promise<Image[]> {
  const { region, project, name, search, states, kind, visibility, source, resourceGroup, after } = filter;
  let query = selectImages(db).where((eb) => owned(eb, accountId, filter));
  if (region !== undefined) query = query.where('regions.id', '=', region);
  if (project !== undefined) query = query.where('images.project', '=', project);
  if (name !== undefined) query = query.where('images.name', '=', name);
  if (states !== undefined) query = query.where('images.state', '=', sql<ImageState>`any(${states}::text[])`);
  if (kind !== undefined) query = query.where('images.kind', '=', kind);
  if (visibility !== undefined) query = query.where('images.visibility', '=', visibility);
  if (source !== undefined) query = query.where('images.source_image', '=', source);
  if (resourceGroup !== undefined) query = query.where('images.resource_group', '=', resourceGroup);
  if (filter.createdAfter !== undefined) query = query.where('images.created_at', '>=', filter.createdAfter);
  if (filter.createdBefore !== undefined) query = query.where('images.created_at', '<', filter.createdBefore);
  if (search !== undefined) query = query.where((eb) => found(eb, search));
  for (const tag of filter.tags ?? []) query = query.where((eb) => tagged(eb, tag));
  const column = sortColumns[filter.sort];
  const direction = filter.descending ? 'desc' : 'asc';
  if (after !== undefined) {
    const beyond = filter.descending ? sql`<` : sql`>`;
    query = query.where(sql<boolean>`(${column}, images.id) ${beyond} (${after.value}, ${after.id}::uuid)`);
  }
  return await query.orderBy(column, direction).orderBy('images.id', direction).limit(filter.limit).execute();
}

function owned(
  { eb, or, and, exists, selectFrom }: ImageExpression,
  accountId: string,
  { owner, projects }: Pick<ImageFilter, 'owner' | 'projects'>,
) {
  const own = and([eb('images.account', '=', accountId), ...(projects === null ? [] : [inProjects(projects)])]);
  const open = and([eb('images.visibility', '=', 'public'), eb('images.account', '<>', accountId)]);
  const isShared = exists(
    selectFrom('image_members')
      .select('image_members.image')
      .whereRef('image_members.image', '=', 'images.id')
      .where('image_members.account', '=', accountId)
      .where('image_members.status', '=', 'accepted'),
  );
  // As `may` has it: whoever is kept to projects is kept from what the account as a whole was let into.
  const shared = projects === null ? isShared : and([isShared, eb('images.visibility', '=', 'public')]);
  return { self: own, public: open, shared, any: or([own, open, shared]) }[owner];
}

function inProjects(projects: readonly string[]) {
  return sql<boolean>`images.project = any(${projects}::uuid[])`;
}

function found({ eb, or }: ImageExpression, search: string) {
  const pattern = likePattern(search);
  return or([
    eb('images.name', 'ilike', pattern),
    eb('images.description', 'ilike', pattern),
    eb('images.aliyun_id', '=', search),
    eb('images.jdcloud_id', '=', search),
    ...(isUuid(search) ? [eb('images.id', '=', search)] : []),
  ]);
}

function tagged({ exists, selectFrom }: ImageExpression, { key, value }: { key: string; value: string | null }) {
  const tags = selectFrom('image_tags')
    .select('image_tags.image')
    .whereRef('image_tags.image', '=', 'images.id')
    .where('image_tags.key', '=', key);
  return exists(value === null ? tags : tags.where('image_tags.value', '=', value));
}

/** Whether the account has an image of this name in the region, one that is or may still become something. */
export async function isNameTaken(trx: Trx, accountId: string, region: string, name: string): Promise<boolean> {
  const row = await trx
    .selectFrom('images')
    .innerJoin('regions', 'regions.number', 'images.region')
    .select('images.id')
    .where('images.account', '=', accountId)
    .where('regions.id', '=', region)
    .where('images.name', '=', name)
    .where('images.state', '<>', 'failed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The tags of the account's images, of those in the projects if there are any, with how many images have each. */
export async function listTags(
  db: Db,
  { accountId, projects }: Pick<Principal, 'accountId' | 'projects'>,
  region: string | undefined,
): Promise<{ key: string; value: string; images: number }[]> {
  let query = db
    .selectFrom('image_tags')
    .innerJoin('images', 'images.id', 'image_tags.image')
    .innerJoin('regions', 'regions.number', 'images.region')
    .select(['image_tags.key', 'image_tags.value'])
    .select(({ fn }) => fn.countAll<number>().as('images'))
    .where('images.account', '=', accountId);
  if (region !== undefined) query = query.where('regions.id', '=', region);
  if (projects !== null) query = query.where(inProjects(projects));
  return await query
    .groupBy(['image_tags.key', 'image_tags.value'])
    .orderBy('image_tags.key')
    .orderBy('image_tags.value')
    .execute();
}
