import { listTags as listTagRows } from '../db/image-list.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

export interface Tag {
  readonly key: string;
  readonly values: readonly { readonly value: string; readonly images: number }[];
}

/** The tags of the account's images, by key, with how many images have each value. */
export async function listTags(
  context: AppContext,
  caller: Caller,
  query: { readonly region?: string | undefined } = {},
): Promise<Tag[]> {
  demand(caller, 'image.read');
  const rows = await listTagRows(context.db, caller, query.region);
  const byKey = Map.groupBy(rows, ({ key }) => key);
  return [...byKey].map(([key, tags]) => ({ key, values: tags.map(({ value, images }) => ({ value, images })) }));
}
