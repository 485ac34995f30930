import { deleteOldEvents } from '../db/events.ts';
import type { AppContext } from './context.ts';

/** Rows of one statement, so that none is long; and of one round, which goes on with the next. */
const batch = 1000;
const maxBatches = 50;

/** Deletes the events of more than `keepMs` ago, with what was to be delivered of them; tells how many. */
export async function forgetOldEvents(
  { db, clock }: Pick<AppContext, 'db' | 'clock'>,
  keepMs: number,
  signal: AbortSignal,
): Promise<number> {
  const before = clock.now() - keepMs;
  let forgotten = 0;
  for (let round = 0; round < maxBatches && !signal.aborted; round++) {
    const deleted = await deleteOldEvents(db, before, batch);
    forgotten += deleted;
    if (deleted < batch) break;
  }
  return forgotten;
}
