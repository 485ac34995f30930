/** Lists of images: sorting, and pages that go on where the last one ended, or that are counted. */
import { type Compilable, type RawBuilder, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Image } from '../domain/image.ts';
import { type ImageSort, stateOrder } from '../domain/image-query.ts';
import { buildOnce } from './build-once.ts';
import type { Db, Trx } from './database.ts';
import { askedOf, type ImageFilter, isListed, listParts } from './image-filter.ts';
import { firstFormat, totalSize } from './image-measures.ts';
import { selectImages } from './images.ts';
import type { Cursor, PageRequest } from './paging.ts';

export interface ImageOrder {
  readonly sort: ImageSort;
  readonly descending: boolean;
}

const sortColumns: Readonly<Record<ImageSort, RawBuilder<number | string>>> = {
  createdAt: sql`images.created_at`,
  updatedAt: sql`images.updated_at`,
  name: sql`images.name`,
  size: totalSize,
  id: sql`images.id`,
  state: sql`array_position(ARRAY[${sql.join(stateOrder.map((state) => sql.lit(state)))}]::text[], images.state)::bigint`,
  format: sql`coalesce(${firstFormat}, '')`,
};

type ListFilter = ImageFilter & ImageOrder;

/** A page of the images that the account sees and the filter lets through. */
export async function listImages(
  db: Db,
  accountId: string,
  { after, limit, ...filter }: ListFilter & PageRequest,
): Promise<Image[]> {
  if (!isUsual(filter)) return await selectPage(db, accountId, filter, { after, limit }).limit(limit).execute();
  const list = usualList(after === undefined ? 'first' : 'next', filter, (trx, held, values: PageValues) =>
    selectPage(trx, values.accountId, held, {
      after: after && { value: values.value, id: values.id },
      limit: values.limit,
    }),
  );
  return await list(db, { ...filter, accountId, limit, value: after?.value ?? '', id: after?.id ?? '' });
}

/** Begins after an image of the list, or after so many. */
type PlacedPage = PageRequest & { readonly offset?: number };

interface PageValues extends Cursor {
  readonly accountId: string;
  readonly limit: number;
}

/** Finds the page by the rows of images alone; what belongs to an image is read of those on it. */
function selectPage(db: Db | Trx, accountId: string, filter: ListFilter, page: PlacedPage) {
  const column = sortColumns[filter.sort];
  const direction = filter.descending ? 'desc' : 'asc';
  return selectImages(db)
    .where(isOn(db, accountId, filter, page))
    .orderBy(column, direction)
    .orderBy('images.id', direction);
}

/**
 * Whether the image is on the page. Each part of the list is read in its order (an account's own images by an index) and no
 * further than the page goes: with an OR between them all images would be read. The ids are an array because they are then
 * looked up one by one; as a subquery they would be joined with a scan of all images.
 */
function isOn(
  db: Db | Trx,
  accountId: string,
  filter: ListFilter,
  { after, offset, limit }: PlacedPage,
): RawBuilder<boolean> {
  const column = sortColumns[filter.sort];
  const order = filter.descending ? sql`DESC` : sql`ASC`;
  const beyond = filter.descending ? sql`<` : sql`>`;
  const end = offset === undefined ? sql`${limit}` : sql`${offset}::bigint + ${limit}::bigint`;
  const parts = listParts(filter).map((part) => {
    let query = db
      .selectFrom('images')
      .select(['images.id', column.as('place')])
      .where((eb) => isListed(eb, accountId, filter, part));
    if (after !== undefined) {
      query = query.where(sql<boolean>`(${column}, images.id) ${beyond} (${after.value}, ${after.id}::uuid)`);
    }
    return sql`(${query} ORDER BY ${column} ${order}, images.id ${order} LIMIT ${end})`;
  });
  return sql<boolean>`images.id = any(array(
    SELECT id FROM (${sql.join(parts, sql` UNION ALL `)}) AS listed
    ORDER BY place ${order}, id ${order} OFFSET ${offset ?? 0} LIMIT ${limit}))`;
}

export interface CountedImages {
  readonly images: Image[];
  /** Of all pages. */
  readonly total: number;
}

interface CountedPage {
  readonly offset: number;
  readonly limit: number;
}

/** A page by its place in the list, with the number of images in all of it, which have to be found to be counted. */
export async function listImagesCounted(
  db: Db,
  accountId: string,
  filter: ListFilter,
  page: CountedPage,
): Promise<CountedImages> {
  const find = isUsual(filter)
    ? usualList('counted', filter, (trx, held, values: CountedPage & { readonly accountId: string }) =>
        selectCounted(trx, values.accountId, held, values),
      )(db, { ...filter, ...page, accountId })
    : selectCounted(db, accountId, filter, page).limit(1).execute();
  const [counted] = await find;
  return counted as CountedImages;
}

function selectCounted(db: Db | Trx, accountId: string, filter: ListFilter, { offset, limit }: CountedPage) {
  const counts = listParts(filter).map((part) => {
    const all = db.selectFrom('images').select(({ fn }) => fn.countAll<number>().as('images'));
    return sql`(${all.where((eb) => isListed(eb, accountId, filter, part))})`;
  });
  return db.selectNoFrom(() => [
    sql<number>`${sql.join(counts, sql` + `)}`.as('total'),
    jsonArrayFrom(selectPage(db, accountId, filter, { offset, limit })).as('images'),
  ]);
}

const usual: ReadonlySet<string> = new Set([
  'sort',
  'descending',
  'owner',
  'projects',
  'region',
  'ownProject',
  'states',
  'assumed',
]);

/**
 * Whether it asks for no more than nearly everybody does. Planning takes a third of the time (0.47 ms of 1.1 with 1,000
 * images), and a statement is planned once unless it ends with a limit (preparing-client.ts), as it has to where the caller
 * chooses among thousands of texts.
 */
function isUsual(filter: ImageFilter): boolean {
  return askedOf(filter).every((name) => usual.has(name));
}

/** Queries of usual lists, by all that their texts differ in: a few dozen, of which a server is asked for some. */
const usualLists = new Map<string, unknown>();

/** The list's query, built when it is first asked for; `select` is given the filter as it is to be built with (`buildOnce`). */
function usualList<Values extends object, Row>(
  kind: string,
  { sort, descending, owner, projects, region, ownProject, states }: ListFilter,
  select: (db: Db | Trx, filter: ListFilter, values: Values) => Compilable<Row>,
): (db: Db, values: Values & ListFilter) => Promise<Row[]> {
  const without = [projects === null, ...[region, ownProject, states].map((value) => value === undefined)];
  const shape = JSON.stringify([kind, sort, descending, owner, without]);
  const known = usualLists.get(shape);
  if (known !== undefined) return known as (db: Db, values: Values & ListFilter) => Promise<Row[]>;
  const list = buildOnce((db, values: Values & ListFilter) => {
    const filter: ListFilter = {
      sort,
      descending,
      owner,
      projects: projects === null ? null : values.projects,
      region: region === undefined ? undefined : values.region,
      ownProject: ownProject === undefined ? undefined : values.ownProject,
      states: states === undefined ? undefined : values.states,
    };
    return select(db, filter, values);
  });
  usualLists.set(shape, list);
  return list;
}

/** Whether the account has an image of this name in the region, one that is or may still become something, besides `except`. */
export async function isNameTaken(
  trx: Trx,
  accountId: string,
  region: string,
  name: string,
  except?: string,
): Promise<boolean> {
  let query = trx
    .selectFrom('images')
    .innerJoin('regions', 'regions.number', 'images.region')
    .select('images.id')
    .where('images.account', '=', accountId)
    .where('regions.id', '=', region)
    .where('images.name', '=', name)
    .where('images.state', '<>', 'failed')
    .limit(1);
  if (except !== undefined) query = query.where('images.id', '<>', except);
  return (await query.executeTakeFirst()) !== undefined;
}

/** What is kept in memory of them; answers of more than some megabytes help nobody. */
const mostTags = 10_000;

/** The tags of the account's own images that the filter lets through, with how many of these have each: the first 10,000. */
export async function listTags(
  db: Db,
  accountId: string,
  filter: ImageFilter,
): Promise<{ key: string; value: string; images: number }[]> {
  const images = db.selectFrom('images').where((eb) => isListed(eb, accountId, filter, 'self'));
  return await db
    .selectFrom('image_tags')
    .select(['image_tags.key', 'image_tags.value'])
    .select(({ fn }) => fn.countAll<number>().as('images'))
    .where('image_tags.image', 'in', images.select('images.id'))
    .groupBy(['image_tags.key', 'image_tags.value'])
    .orderBy('image_tags.key')
    .orderBy('image_tags.value')
    .limit(mostTags)
    .execute();
}
