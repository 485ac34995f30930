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
import { type ImageSort, stateOrder } from '../domain/image-query.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { filterOf, uuidOf } from './list-filter.ts';
import { readList } from './read-list.ts';

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
  const wanted = { ...filter, limit: query.limit + 1 };
  const rows = await readList(context.db, (db) => listImageRows(db, caller.accountId, wanted));
  const { page, next } = toPage(rows, query.limit, (image) => placeOf(image, query.sort));
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
  return await readList(context.db, (db) => listImageRowsCounted(db, caller.accountId, filter, page));
}

/** As for all lists, with the UUID of the source; undefined where nothing can be on the list, as with nobody's images. */
export async function imageFilter<Query extends ImageQuery>(
  context: AppContext,
  caller: Caller,
  query: Query,
): Promise<(Query & Pick<ImageFilter, 'projects'>) | undefined> {
  if (query.owner.length === 0) return undefined;
  // What the account was asked and has not accepted is for those to see who answer.
  if ([query.memberStatus ?? 'accepted'].flat().some((answer) => answer !== 'accepted')) {
    demand(caller, 'invitation.read');
  }
  const filter = await filterOf(context, caller, 'image.read', query);
  const { accountId } = caller;
  const source = await uuidOf(query.source, async (id) => (await findImage(context.db, accountId, id))?.image.id);
  return filter === undefined || source === null ? undefined : { ...filter, source };
}

/** Where the image stands in a list, so that a page can begin after it. */
export function placeOf(image: Image, sort: ImageSort): Cursor {
  return { value: sortValue(image, sort), id: image.id };
}

function sortValue(image: Image, sort: ImageSort): string | number {
  switch (sort) {
    case 'size':
      return sizeOf(image);
    case 'state':
      // As PostgreSQL counts.
      return stateOrder.indexOf(image.state) + 1;
    case 'format':
      return image.disks[0]?.format ?? '';
    default:
      return image[sort];
  }
}
