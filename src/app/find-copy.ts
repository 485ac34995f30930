import { findCopy as findCopyRow } from '../db/copies.ts';
import { findCopiesInto as findCopyRowsInto } from '../db/copy-list.ts';
import type { Db, Trx } from '../db/database.ts';
import type { Copy } from '../domain/copy.ts';
import { isUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** The caller's account's copy of this id; refuses with `copy.not-found`. */
export async function findCopy(context: Pick<AppContext, 'db'>, caller: Caller, id: string): Promise<Copy> {
  demand(caller, 'copy.read');
  return await readCopy(context.db, caller, id);
}

/** The caller's account's copies that make these images, by the images' UUIDs: how far they are, or how they ended. */
export async function findCopiesInto(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  images: readonly string[],
): Promise<ReadonlyMap<string, Copy>> {
  demand(caller, 'copy.read');
  const copies = await findCopyRowsInto(context.db, caller, images);
  return new Map(copies.map((copy) => [copy.destinationImageId, copy]));
}

/** As {@link findCopy}, for use cases that have asked for another right. */
export async function readCopy(db: Db | Trx, caller: Caller, id: string): Promise<Copy> {
  const copy = isUuid(id) ? await findCopyRow(db, caller, id) : undefined;
  if (copy === undefined) throw new RefusalError('copy.not-found', { copy: id });
  return copy;
}
