import { setTimeout as sleep } from 'node:timers/promises';
import { findCopies, listCopies } from '../db/copy-list.ts';
import type { Copy } from '../domain/copy.ts';
import { isUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { isFinalCopyState } from '../domain/states.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { readCopy } from './find-copy.ts';

/** Half a second: a person sees it move, and a thousand watchers are two thousand small reads a second. */
const intervalMs = 500;

/** More copies than one request can make. */
const most = 1000;

/**
 * Each of the copies as it is now, and again whenever it has changed; ends when all have ended. What it tells are states, not
 * steps, so one who was cut off misses nothing by starting over.
 */
export async function* watchCopies(
  context: AppContext,
  caller: Caller,
  watched: { readonly copy: string } | { readonly request: string },
  signal: AbortSignal,
): AsyncGenerator<Copy, void, undefined> {
  demand(caller, 'copy.read');
  const ids = await idsOf(context, caller, watched);
  const seen = new Map<string, string>();
  for (let unfinished = ids; unfinished.length > 0; ) {
    const copies = await findCopies(context.db, caller, unfinished);
    for (const copy of copies) {
      const now = JSON.stringify(copy);
      if (seen.get(copy.id) === now) continue;
      seen.set(copy.id, now);
      yield copy;
    }
    unfinished = copies.filter(({ state }) => !isFinalCopyState(state)).map(({ id }) => id);
    if (unfinished.length > 0) await sleep(intervalMs, undefined, { signal });
  }
}

async function idsOf(
  context: AppContext,
  caller: Caller,
  watched: { readonly copy: string } | { readonly request: string },
): Promise<string[]> {
  if ('copy' in watched) return [(await readCopy(context.db, caller, watched.copy)).id];
  const { request } = watched;
  const { accountId, projects } = caller;
  const filter = { request, projects, descending: false, limit: most };
  const copies = isUuid(request) ? await listCopies(context.db, accountId, filter) : [];
  if (copies.length === 0) throw new RefusalError('copy.not-found', { copy: request });
  return copies.map(({ id }) => id);
}
