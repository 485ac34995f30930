/** An account's copies between regions, of which a policy may allow so many at once, wherever they go. */
import { lockName, type Trx } from './database.ts';

/**
 * How many of them have not finished. Whoever asks waits for the others that do, until their transactions end, so that no two
 * take the last place. After images and before the account's parts of regions (docs/invariants.md).
 */
export async function lockCopiesElsewhere(trx: Trx, accountId: string): Promise<number> {
  await lockName(trx, `copies between regions of ${accountId}`);
  // A statement of its own: one sees what was committed before it began, so that it must begin with the lock.
  const { count } = await trx
    .selectFrom('copies')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('account', '=', accountId)
    .where('finished_at', 'is', null)
    .whereRef('source_region', '<>', 'destination_region')
    .executeTakeFirstOrThrow();
  return count;
}
