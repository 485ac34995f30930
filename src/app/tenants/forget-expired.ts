import { deleteExpired, type ExpiringTable, expiringTables } from '../../db/tenants/expired.ts';
import type { AppContext } from '../context.ts';

/** Rows in one statement, and statements in one round: a backlog is worked off over several. */
const batch = 1000;
const batches = 100;

/**
 * Deletes what has expired: nonces, sessions, idempotency tokens, access keys that were rotated out, and receipts. None of it is
 * valid any more; this only keeps the tables small.
 */
export async function forgetExpired(
  { db, clock }: Pick<AppContext, 'db' | 'clock'>,
  signal: AbortSignal,
): Promise<Record<ExpiringTable, number>> {
  const deleted = { nonces: 0, sessions: 0, idempotency_tokens: 0, access_keys: 0, receipts: 0 };
  for (const table of expiringTables) {
    for (let round = 0; round < batches; round++) {
      signal.throwIfAborted();
      const count = await deleteExpired(db, table, clock.now(), batch);
      deleted[table] += count;
      if (count < batch) break;
    }
  }
  return deleted;
}
