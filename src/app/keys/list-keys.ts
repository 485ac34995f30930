import { type KeyFilter, listKeys as listKeyRows } from '../../db/keys/keys.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import type { Key } from '../../domain/key.ts';
import { demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';

export interface KeyPage {
  readonly keys: readonly Key[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** A page of the account's keys, newest first. A region that is not configured simply has none. */
export async function listKeys(context: AppContext, caller: Caller, query: KeyFilter & PageRequest): Promise<KeyPage> {
  demand(caller, 'key.read');
  const rows = await listKeyRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ createdAt, id }) => ({ value: createdAt, id }));
  return { keys: page, next };
}
