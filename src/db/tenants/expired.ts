/** Rows that mean nothing any more, because their time is over. */
import { sql } from 'kysely';
import type { Db } from '../database.ts';

/** Everything here that ends by itself; sessions go with the keys that they were made with. */
export const expiringTables = ['nonces', 'sessions', 'idempotency_tokens', 'access_keys', 'receipts'] as const;
export type ExpiringTable = (typeof expiringTables)[number];

/** Deletes at most `limit` rows that expired before or at `now`; tells how many. */
export async function deleteExpired(db: Db, table: ExpiringTable, now: number, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM ${sql.table(table)} WHERE ctid = ANY (ARRAY (
      SELECT ctid FROM ${sql.table(table)} WHERE expires_at <= ${now} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(
    db,
  );
  return Number(numAffectedRows);
}
