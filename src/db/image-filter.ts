/** Which images a list has: everything that lists, pages and counts ask for, as conditions on the rows of images alone. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import { isUuid } from '../domain/ids.ts';
import type { ImageKind, RootDevice, Visibility } from '../domain/image.ts';
import type { ImageAttributes } from '../domain/image-attributes.ts';
import type { ImageOwner, MomentFilter, TraitFilter } from '../domain/image-query.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import type { ImageState } from '../domain/states.ts';
import { type ImageMeasures, measured } from './image-measures.ts';
import { type ImageTagFilter, tagConditions } from './image-tag-filter.ts';
import { idColumn } from './images.ts';
import { likePattern, wildcardPattern } from './paging.ts';
import type { Database } from './schema.ts';

export interface ImageFilter extends ImageMeasures, ImageTagFilter {
  /** One of these, where there are several. */
  readonly owner: ImageOwner | readonly ImageOwner[];
  /** The owner's sixteen digits. */
  readonly ownerAccountNumber?: number | undefined;
  readonly region?: string | undefined;
  readonly project?: string | undefined;
  /** UUID; of the account's own images only those in it, and whatever else is asked for. */
  readonly ownProject?: string | undefined;
  /** UUID, or several; only those in such a project, whosever it is, for dialects that show it to everybody. */
  readonly anyProject?: string | readonly string[] | undefined;
  /** Of the account's own images only those in these projects, and none that is only shared with it; null: all. */
  readonly projects: readonly string[] | null;
  /** What the account has answered to those that are shared with it, one of these where there are several: `accepted` without it. */
  readonly memberStatus?: MemberStatus | readonly MemberStatus[] | undefined;
  /** Any of an image's three ids. */
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  /** The whole name, in which `*` stands for any characters. */
  readonly namePattern?: string | undefined;
  /** A part of the name, in any case. */
  readonly namePart?: string | undefined;
  /** A part of the name or the description, in any case, or a whole id. */
  readonly search?: string | undefined;
  readonly states?: readonly ImageState[] | undefined;
  /** One of these, where there are several. */
  readonly kind?: ImageKind | readonly ImageKind[] | undefined;
  readonly rootDevice?: RootDevice | undefined;
  /** All of them, to the letter. */
  readonly attributes?: ImageAttributes | undefined;
  /** What is taken for so, of images of which nobody has said otherwise. */
  readonly assumed?: ImageAttributes | undefined;
  /** All of them, to the letter. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** All of them. */
  readonly traits?: readonly TraitFilter[] | undefined;
  readonly visibility?: Visibility | undefined;
  readonly protected?: boolean | undefined;
  /** As `protected`, for dialects in which nobody deletes what is everybody's. */
  readonly keptFromDeletion?: boolean | undefined;
  /** Id of the image that it was copied from. */
  readonly source?: string | undefined;
  /** Alibaba Cloud's id of the snapshot that one of its disks stands on. */
  readonly snapshot?: string | undefined;
  /** Id of the key that its disks are encrypted with, or one of them is. */
  readonly key?: string | undefined;
  readonly resourceGroup?: string | undefined;
  /** Of the account's own images only those that are in no group. */
  readonly isUngrouped?: boolean | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number | undefined;
  readonly updatedAfter?: number | undefined;
  readonly updatedBefore?: number | undefined;
  /** All of them, to the second. */
  readonly created?: readonly MomentFilter[] | undefined;
  readonly updated?: readonly MomentFilter[] | undefined;
}

/** Of what an image has to have altogether, nothing is no condition; no ids, states or kinds are one that nothing fits. */
const conjunctions: ReadonlySet<string> = new Set([
  'attributes',
  'properties',
  'traits',
  'tags',
  'tagSets',
  'created',
  'updated',
] satisfies (keyof ImageFilter)[]);

/** The parts of the filter that ask for something. */
export function askedOf(filter: ImageFilter): readonly (keyof ImageFilter)[] {
  const asked = Object.entries(filter).filter(
    ([name, value]) => value !== undefined && !(conjunctions.has(name) && isEmpty(value)),
  );
  return asked.map(([name]) => name as keyof ImageFilter);
}

function isEmpty(all: object): boolean {
  return Object.values(all).every((each) => each === undefined);
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
  const { attributes, visibility, source, snapshot, key, resourceGroup, properties } = filter;
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
  if (filter.anyProject !== undefined) conditions.push(inProjects([filter.anyProject].flat()));
  if (ids !== undefined) conditions.push(named(eb, ids));
  if (name !== undefined) conditions.push(eb('images.name', '=', name));
  if (namePattern !== undefined) conditions.push(eb('images.name', 'like', wildcardPattern(namePattern)));
  if (filter.namePart !== undefined) conditions.push(eb('images.name', 'ilike', likePattern(filter.namePart)));
  if (states !== undefined) conditions.push(eb('images.state', '=', sql<ImageState>`any(${states}::text[])`));
  if (kind !== undefined) conditions.push(eb('images.kind', '=', sql<ImageKind>`any(${[kind].flat()}::text[])`));
  if (filter.rootDevice !== undefined) conditions.push(eb('images.root_device', '=', filter.rootDevice));
  if (attributes !== undefined && !isEmpty(attributes)) conditions.push(described(attributes, filter.assumed));
  if (properties !== undefined && !isEmpty(properties)) conditions.push(holding(properties));
  if (filter.protected !== undefined) conditions.push(eb('images.protected', '=', filter.protected));
  if (filter.keptFromDeletion !== undefined) conditions.push(kept(filter.keptFromDeletion));
  if (visibility !== undefined) conditions.push(eb('images.visibility', '=', visibility));
  if (source !== undefined) conditions.push(eb('images.source_image', '=', source));
  if (snapshot !== undefined) conditions.push(standingOn(eb, snapshot));
  if (key !== undefined) conditions.push(encryptedWith(eb, key));
  if (resourceGroup !== undefined) conditions.push(eb('images.resource_group', '=', resourceGroup));
  if (search !== undefined) conditions.push(found(eb, search));
  // Of another's image nobody is shown any of these, so nobody may ask for them either.
  const byTags = tagConditions(filter);
  const own = byTags.length > 0 || [project, source, snapshot, key, resourceGroup].some((asked) => asked !== undefined);
  if (own) conditions.push(eb('images.account', '=', accountId));
  conditions.push(...measured(filter), ...timed(eb, filter), ...byTags);
  return eb.and([...conditions, ...(filter.traits ?? []).map((trait) => fitting(eb, trait))]);
}

function owned(
  { eb, and }: ImageExpression,
  accountId: string,
  { projects, ownProject, isUngrouped, memberStatus = 'accepted' }: ImageFilter,
  part: ListPart,
): Expression<SqlBool> {
  if (part === 'self') {
    return and([
      eb('images.account', '=', accountId),
      ...(projects === null ? [] : [inProjects(projects)]),
      ...(ownProject === undefined ? [] : [eb('images.project', '=', ownProject)]),
      ...(isUngrouped ? [eb('images.resource_group', 'is', null)] : []),
    ]);
  }
  const open = eb('images.visibility', '=', 'public');
  if (part === 'public') return and([open, eb('images.account', '<>', accountId)]);
  // Found first and then looked up by id, so that not all images are read.
  const answers = sql.join([memberStatus].flat().map((status) => sql.lit(status)));
  const isShared = sql<boolean>`images.id = any(array(
    SELECT image FROM image_members WHERE account = ${accountId} AND status IN (${answers})))`;
  // As `may` has it: whoever is kept to projects is kept from what the account as a whole was let into.
  const shared = projects === null ? isShared : and([isShared, open]);
  return part === 'shared' ? shared : and([shared, eb('images.visibility', '<>', 'public')]);
}

function inProjects(projects: readonly string[]) {
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

function holding(properties: Readonly<Record<string, string>>) {
  return sql<boolean>`images.properties @> ${JSON.stringify(properties)}::jsonb`;
}

function fitting({ and, or, not }: ImageExpression, { anyOf, isNegated }: TraitFilter): Expression<SqlBool> {
  const fits = or(
    anyOf.map(({ attributes = {}, properties = {} }) => and([described(attributes), holding(properties)])),
  );
  return isNegated ? not(fits) : fits;
}

function kept(wanted: boolean) {
  return sql<boolean>`(images.protected OR images.visibility = 'public') = ${wanted}`;
}

function timed({ eb }: ImageExpression, filter: ImageFilter): Expression<SqlBool>[] {
  const { createdAfter, createdBefore, updatedAfter, updatedBefore, created = [], updated = [] } = filter;
  return [
    ...(createdAfter === undefined ? [] : [eb('images.created_at', '>=', createdAfter)]),
    ...(createdBefore === undefined ? [] : [eb('images.created_at', '<', createdBefore)]),
    ...(updatedAfter === undefined ? [] : [eb('images.updated_at', '>=', updatedAfter)]),
    ...(updatedBefore === undefined ? [] : [eb('images.updated_at', '<', updatedBefore)]),
    ...created.map((moment) => inSeconds('images.created_at', moment)),
    ...updated.map((moment) => inSeconds('images.updated_at', moment)),
  ];
}

const comparisons = {
  lt: sql`<`,
  lte: sql`<=`,
  eq: sql`=`,
  neq: sql`<>`,
  gte: sql`>=`,
  gt: sql`>`,
} as const satisfies Readonly<Record<MomentFilter['op'], unknown>>;

function inSeconds(column: 'images.created_at' | 'images.updated_at', { op, at }: MomentFilter) {
  return sql<boolean>`${sql.ref(column)} / 1000 ${comparisons[op]} ${Math.floor(at / 1000)}::bigint`;
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

function encryptedWith({ eb, or, exists, selectFrom }: ImageExpression, key: string) {
  const disks = selectFrom('disks')
    .innerJoin('manifests', 'manifests.id', 'disks.manifest')
    .innerJoin('data_keys', 'data_keys.id', 'manifests.data_key')
    .select('disks.image')
    .whereRef('disks.image', '=', 'images.id')
    .where('data_keys.key', '=', key);
  return or([eb('images.upload_key', '=', key), exists(disks)]);
}
