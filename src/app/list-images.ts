import { type ImageFilter, listImages as listImageRows } from '../db/image-list.ts';
import { findImage } from '../db/images.ts';
import { type Cursor, toPage } from '../db/paging.ts';
import { findProject } from '../db/tenants/projects.ts';
import { findResourceGroup } from '../db/tenants/resource-groups.ts';
import { isUuid } from '../domain/ids.ts';
import { type Image, sizeOf } from '../domain/image.ts';
import type { ImageSort } from '../domain/image-query.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** `project` and `resourceGroup` by id or name, `source` by any of its three ids. */
export type ListImagesQuery = Omit<ImageFilter, 'projects'>;

export interface ImagePage {
  readonly images: readonly Image[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** A page of the images that the caller sees. A region that is not configured simply has none. */
export async function listImages(context: AppContext, caller: Caller, query: ListImagesQuery): Promise<ImagePage> {
  demand(caller, 'image.read');
  const { accountId, projects } = caller;
  const filter = await resolved(context, caller, query);
  if (filter === undefined) return { images: [], next: null };
  const rows = await listImageRows(context.db, accountId, { ...filter, projects, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, (image) => ({ value: sortValue(image, query.sort), id: image.id }));
  return { images: page, next };
}

/** The query with UUIDs for what it names; undefined when there is no such thing, which no image belongs to. */
async function resolved(
  { db }: AppContext,
  { accountId }: Caller,
  query: ListImagesQuery,
): Promise<ListImagesQuery | undefined> {
  const uuidOf = async (id: string | undefined, find: (id: string) => Promise<string | undefined>) =>
    id === undefined || isUuid(id) ? id : ((await find(id)) ?? null);
  const project = await uuidOf(query.project, async (id) => (await findProject(db, accountId, id, query.region))?.id);
  const group = await uuidOf(query.resourceGroup, async (id) => (await findResourceGroup(db, accountId, id))?.id);
  const source = await uuidOf(query.source, async (id) => (await findImage(db, accountId, id))?.image.id);
  if (project === null || group === null || source === null) return undefined;
  return { ...query, project, resourceGroup: group, source };
}

function sortValue(image: Image, sort: ImageSort): string | number {
  return sort === 'size' ? sizeOf(image) : image[sort];
}
