/** Which images a list has: everything that lists, pages and counts ask for, as conditions on the rows of images alone. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import { isUuid } from '../domain/ids.ts';
import type { ImageKind, Visibility } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import type { ImageOwner } from '../domain/image-query.ts';
import type { ImageState } from '../domain/states.ts';
import { idColumn } from './images.ts';
import { likePattern, wildcardPattern } from './paging.ts';
import type { Database } from './schema.ts';

export interface ImageFilter {
  /** One of these, where there are several. */
  readonly owner: ImageOwner | readonly ImageOwner[];
  /** The owner's sixteen digits. */
  readonly ownerAccountNumber?: number | undefined;
  readonly region?: string | undefined;
  readonly project?: string | undefined;
  /** Of the account's own images only those in these projects, and none that is only shared with it; null: all. */
  readonly projects: readonly string[] | null;
  /** Any of an image's three ids. */
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  /** The whole name, in which `*` stands for any characters. */
  readonly namePattern?: string | undefined;
  /** A part of the name or the description, in any case, or a whole id. */
  readonly search?: string | undefined;
  readonly states?: readonly ImageState[] | undefined;
  readonly kind?: ImageKind | undefined;
  /** All of them, to the letter. */
  readonly attributes?: ImageAttributes | undefined;
  /** What is taken for so, of images of which nobody has said otherwise. */
  readonly assumed?: ImageAttributes | undefined;
  readonly visibility?: Visibility | undefined;
  /** All of them; a null value stands for any. */
  readonly tags?: readonly { readonly key: string; readonly value: string | null }[] | undefined;
  /** Id of the image that it was copied from. */
  readonly source?: string | undefined;
  /** Alibaba Cloud's id of the snapshot that one of its disks stands on. */
  readonly snapshot?: string | undefined;
  readonly resourceGroup?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number | undefined;
}

type ImageExpression = ExpressionBuilder<Database, 'images'>;

/** What a list of several owners' images is made of, each image in one of them. */
export type ListPart = Exclude<ImageOwner, 'any'>;

export function listParts({ owner }: Pick<ImageFilter, 'owner'>): readonly ListPart[] {
  const parts = new Set([owner].flat().flatMap((each) => (each === 'any' ? anyParts : [each as ListPart])));
  // Those of everybody among them would be there twice.
  if (parts.has('public') && parts.delete('shared')) parts.add('others');
  if (parts.has('shared')) parts.delete('others');
  return [...parts];
}

const anyParts: readonly ListPart[] = ['self', 'public', 'others'];

/** Whether the image is in this part of the account's list, and the filter lets it through. */
export function isListed(
  eb: ImageExpression,
  accountId: string,
  filter: ImageFilter,
  part: ListPart,
): Expression<SqlBool> {
  const { ownerAccountNumber, region, project, ids, name, namePattern, search, states, kind } = filter;
  const { attributes, visibility, source, snapshot, resourceGroup, createdAfter, createdBefore, tags = [] } = filter;
  const conditions: Expression<SqlBool>[] = [owned(eb, accountId, filter, part)];
  if (ownerAccountNumber !== undefined) {
    const account = eb.selectFrom('accounts').select('id').where('number', '=', ownerAccountNumber);
    conditions.push(eb('images.account', '=', account));
  }
  if (region !== undefined) {
    const number = eb.selectFrom('regions').select('number').where('regions.id', '=', region);
    conditions.push(eb('images.region', '=', number));
  }
  if (project !== undefined) conditions.push(eb('images.project', '=', project));
  if (ids !== undefined) conditions.push(named(eb, ids));
  if (name !== undefined) conditions.push(eb('images.name', '=', name));
  if (namePattern !== undefined) conditions.push(eb('images.name', 'like', wildcardPattern(namePattern)));
  if (states !== undefined) conditions.push(eb('images.state', '=', sql<ImageState>`any(${states}::text[])`));
  if (kind !== undefined) conditions.push(eb('images.kind', '=', kind));
  if (attributes !== undefined) conditions.push(described(attributes, filter.assumed));
  if (visibility !== undefined) conditions.push(eb('images.visibility', '=', visibility));
  if (source !== undefined) conditions.push(eb('images.source_image', '=', source));
  if (snapshot !== undefined) conditions.push(standingOn(eb, snapshot));
  if (resourceGroup !== undefined) conditions.push(eb('images.resource_group', '=', resourceGroup));
  if (createdAfter !== undefined) conditions.push(eb('images.created_at', '>=', createdAfter));
  if (createdBefore !== undefined) conditions.push(eb('images.created_at', '<', createdBefore));
  if (search !== undefined) conditions.push(found(eb, search));
  // Of another's image nobody is shown any of these, so nobody may ask for them either.
  const own = tags.length > 0 || [project, source, snapshot, resourceGroup].some((asked) => asked !== undefined);
  if (own) conditions.push(eb('images.account', '=', accountId));
  return eb.and([...conditions, ...tags.map((tag) => tagged(eb, tag))]);
}

function owned(
  { eb, and }: ImageExpression,
  accountId: string,
  { projects }: Pick<ImageFilter, 'projects'>,
  part: ListPart,
): Expression<SqlBool> {
  if (part === 'self') {
    return and([eb('images.account', '=', accountId), ...(projects === null ? [] : [inProjects(projects)])]);
  }
  const open = eb('images.visibility', '=', 'public');
  if (part === 'public') return and([open, eb('images.account', '<>', accountId)]);
  // Found first and then looked up by id, so that not all images are read.
  const isShared = sql<boolean>`images.id = any(array(
    SELECT image FROM image_members WHERE account = ${accountId} AND status = 'accepted'))`;
  // As `may` has it: whoever is kept to projects is kept from what the account as a whole was let into.
  const shared = projects === null ? isShared : and([isShared, open]);
  return part === 'shared' ? shared : and([shared, eb('images.visibility', '<>', 'public')]);
}

export function inProjects(projects: readonly string[]) {
  return sql<boolean>`images.project = any(${projects}::uuid[])`;
}

function named({ or }: ImageExpression, ids: readonly string[]) {
  const kept = (column: ReturnType<typeof idColumn>) => ids.filter((id) => idColumn(id) === column);
  return or([
    sql<boolean>`images.id = any(${kept('images.id')}::uuid[])`,
    sql<boolean>`images.aliyun_id = any(${kept('images.aliyun_id')}::text[])`,
    sql<boolean>`images.jdcloud_id = any(${kept('images.jdcloud_id')}::text[])`,
  ]);
}

function described(wanted: ImageAttributes, assumed: ImageAttributes = {}) {
  return sql<boolean>`(${JSON.stringify(assumed)}::jsonb || images.attributes) @> ${JSON.stringify(wanted)}::jsonb`;
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

function standingOn({ exists, selectFrom }: ImageExpression, snapshot: string) {
  return exists(
    selectFrom('disks')
      .innerJoin('snapshots', 'snapshots.id', 'disks.snapshot')
      .select('disks.image')
      .whereRef('disks.image', '=', 'images.id')
      .where('snapshots.aliyun_id', '=', snapshot),
  );
}

function tagged({ exists, selectFrom }: ImageExpression, { key, value }: { key: string; value: string | null }) {
  const tags = selectFrom('image_tags')
    .select('image_tags.image')
    .whereRef('image_tags.image', '=', 'images.id')
    .where('image_tags.key', '=', key);
  return exists(value === null ? tags : tags.where('image_tags.value', '=', value));
}
