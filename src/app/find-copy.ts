import { findCopy as findCopyRow } from '../db/copies.ts';
import type { Copy } from '../domain/copy.ts';
import { isUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';

/** The caller's copy of this id; refuses with `copy.not-found`. */
export async function findCopy(context: AppContext, caller: Caller, id: string): Promise<Copy> {
  const copy = isUuid(id) ? await findCopyRow(context.db, caller.accountId, id) : undefined;
  if (copy === undefined) throw new RefusalError('copy.not-found', { copy: id });
  return copy;
}
