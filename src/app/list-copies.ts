import { type CopyFilter, listCopies as listCopyRows } from '../db/copy-list.ts';
import { type Cursor, toPage } from '../db/paging.ts';
import type { Copy } from '../domain/copy.ts';
import { isUuid } from '../domain/ids.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';

export type ListCopiesQuery = Omit<CopyFilter, 'projects'>;

export interface CopyPage {
  readonly copies: readonly Copy[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** A page of the caller's account's copies. `image`: by any of its three ids while it exists, afterwards by its UUID. */
export async function listCopies(context: AppContext, caller: Caller, query: ListCopiesQuery): Promise<CopyPage> {
  demand(caller, 'copy.read');
  // A request's name that is none has no copies.
  if (query.request !== undefined && !isUuid(query.request)) return { copies: [], next: null };
  const image = query.image === undefined ? undefined : await uuidOf(context, caller, query.image);
  const { accountId, projects } = caller;
  const rows = await listCopyRows(context.db, accountId, { ...query, image, projects, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ createdAt, id }) => ({ value: createdAt, id }));
  return { copies: page, next };
}

/** A copy outlives its images, so a UUID need not be one of an image that is there. */
async function uuidOf(context: AppContext, caller: Caller, image: string): Promise<string> {
  return isUuid(image) ? image : (await findImage(context, caller, image)).id;
}
