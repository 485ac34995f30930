import { type Cursor, type PageRequest, toPage } from '../db/paging.ts';
import { listResourceTags as listRows, type ResourceTag, type ResourceTagFilter } from '../db/tags.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

export type { ResourceTag } from '../db/tags.ts';

export type ListResourceTagsQuery = Omit<ResourceTagFilter, 'projects'> & PageRequest;

export interface ResourceTagPage {
  readonly tags: readonly ResourceTag[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** All tags of the account's own images or snapshots, a row each. */
export async function listResourceTags(
  context: AppContext,
  caller: Caller,
  query: ListResourceTagsQuery,
): Promise<ResourceTagPage> {
  demand(caller, `${query.type}.read`);
  const { accountId, projects } = caller;
  const rows = await listRows(context.db, accountId, { ...query, projects, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ resourceId, key }) => ({ value: key, id: resourceId }));
  return { tags: page, next };
}
