import type { ImageFilter } from '../db/image-filter.ts';
import {
  type CountedImages,
  countImages as countImageRows,
  type ImageOrder,
  listImages as listImageRows,
  listImagesCounted as listImageRowsCounted,
} from '../db/image-list.ts';
import { findImage } from '../db/images.ts';
import { type Cursor, type PageRequest, toPage } from '../db/paging.ts';
import { findProject } from '../db/tenants/projects.ts';
import { findResourceGroup } from '../db/tenants/resource-groups.ts';
import { isUuid } from '../domain/ids.ts';
import { type Image, sizeOf } from '../domain/image.ts';
import type { ImageSort } from '../domain/image-query.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** `project` and `resourceGroup` by id or name, `source` by any of its three ids. */
export type ImageQuery = Omit<ImageFilter, 'projects'>;
export type ListImagesQuery = ImageQuery & ImageOrder & PageRequest;

export interface ImagePage {
  readonly images: readonly Image[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** A page of the images that the caller sees. A region that is not configured simply has none. */
export async function listImages(context: AppContext, caller: Caller, query: ListImagesQuery): Promise<ImagePage> {
  const filter = await filterOf(context, caller, query);
  if (filter === undefined) return { images: [], next: null };
  const rows = await listImageRows(context.db, caller.accountId, { ...filter, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, (image) => ({ value: sortValue(image, query.sort), id: image.id }));
  return { images: page, next };
}

/**
 * As {@link listImages}, for front doors that number their pages: the page that begins after `offset` images, and how many
 * there are in all.
 */
export async function listImagesCounted(
  context: AppContext,
  caller: Caller,
  query: ImageQuery & ImageOrder,
  page: { readonly offset: number; readonly limit: number },
): Promise<CountedImages> {
  const filter = await filterOf(context, caller, query);
  if (filter === undefined) return { images: [], total: 0 };
  return await listImageRowsCounted(context.db, caller.accountId, filter, page);
}

/** How many images the caller sees. */
export async function countImages(context: AppContext, caller: Caller, query: ImageQuery): Promise<number> {
  const filter = await filterOf(context, caller, query);
  return filter === undefined ? 0 : await countImageRows(context.db, caller.accountId, filter);
}

/**
 * The query with UUIDs for what it names and the caller's own limits; undefined when there is no such thing, which no image
 * belongs to.
 */
async function filterOf<Query extends ImageQuery>(
  { db }: AppContext,
  caller: Caller,
  query: Query,
): Promise<(Query & Pick<ImageFilter, 'projects'>) | undefined> {
  demand(caller, 'image.read');
  const { accountId, projects } = caller;
  const uuidOf = async (id: string | undefined, find: (id: string) => Promise<string | undefined>) =>
    id === undefined || isUuid(id) ? id : ((await find(id)) ?? null);
  const project = await uuidOf(query.project, async (id) => (await findProject(db, accountId, id, query.region))?.id);
  const group = await uuidOf(query.resourceGroup, async (id) => (await findResourceGroup(db, accountId, id))?.id);
  const source = await uuidOf(query.source, async (id) => (await findImage(db, accountId, id))?.image.id);
  if (project === null || group === null || source === null) return undefined;
  return { ...query, projects, project, resourceGroup: group, source };
}

function sortValue(image: Image, sort: ImageSort): string | number {
  return sort === 'size' ? sizeOf(image) : image[sort];
}
