import type { ImageFilter } from '../db/image-filter.ts';
import {
  type CountedImages,
  type ImageOrder,
  listImages as listImageRows,
  listImagesCounted as listImageRowsCounted,
} from '../db/image-list.ts';
import { findImage } from '../db/images.ts';
import { type Cursor, type PageRequest, toPage } from '../db/paging.ts';
import { type Image, sizeOf } from '../domain/image.ts';
import type { ImageSort } from '../domain/image-query.ts';
import type { AppContext, Caller } from './context.ts';
import { filterOf, uuidOf } from './list-filter.ts';

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
  const filter = await imageFilter(context, caller, query);
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
  const filter = await imageFilter(context, caller, query);
  if (filter === undefined) return { images: [], total: 0 };
  return await listImageRowsCounted(context.db, caller.accountId, filter, page);
}

/** As for all lists, with the UUID of the source; undefined where nothing can be on the list, as with nobody's images. */
async function imageFilter<Query extends ImageQuery>(
  context: AppContext,
  caller: Caller,
  query: Query,
): Promise<(Query & Pick<ImageFilter, 'projects'>) | undefined> {
  if (query.owner.length === 0) return undefined;
  const filter = await filterOf(context, caller, 'image.read', query);
  const { accountId } = caller;
  const source = await uuidOf(query.source, async (id) => (await findImage(context.db, accountId, id))?.image.id);
  return filter === undefined || source === null ? undefined : { ...filter, source };
}

function sortValue(image: Image, sort: ImageSort): string | number {
  return sort === 'size' ? sizeOf(image) : image[sort];
}
