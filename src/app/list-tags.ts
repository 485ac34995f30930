import { listParts } from '../db/image-filter.ts';
import { listTags as listTagRows } from '../db/image-list.ts';
import type { AppContext, Caller } from './context.ts';
import { type ImageQuery, imageFilter } from './list-images.ts';
import { readList } from './read-list.ts';

export interface Tag {
  readonly key: string;
  readonly values: readonly { readonly value: string; readonly images: number }[];
}

/** The tags of the account's own images, of those that are asked for, by key, with how many of these have each value. */
export async function listTags(context: AppContext, caller: Caller, query: Partial<ImageQuery> = {}): Promise<Tag[]> {
  const filter = await imageFilter(context, caller, { owner: 'self', ...query });
  if (filter === undefined || !listParts(filter).includes('self')) return [];
  const rows = await readList(context.db, (db) => listTagRows(db, caller.accountId, filter));
  const byKey = Map.groupBy(rows, ({ key }) => key);
  return [...byKey].map(([key, tags]) => ({ key, values: tags.map(({ value, images }) => ({ value, images })) }));
}
