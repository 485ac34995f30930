import { listCopies as listCopyRows } from '../db/copies.ts';
import type { Copy } from '../domain/copy.ts';
import type { CopyState } from '../domain/states.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';

export interface ListCopiesQuery {
  readonly state?: CopyState | undefined;
  /** Copies from or to this image, by any of its three ids. */
  readonly image?: string | undefined;
  readonly limit: number;
}

/** The caller's copies, newest first. */
export async function listCopies(context: AppContext, caller: Caller, query: ListCopiesQuery): Promise<Copy[]> {
  const image = query.image && (await findImage(context, caller, query.image)).id;
  return await listCopyRows(context.db, caller.accountId, { ...query, image });
}
