/** Nonces of signed requests: in the database, so that a restart or another server does not forget them. */
import { sql } from 'kysely';
import type { Db } from '../database.ts';

/** Remembers the nonce of this scope until `expiresAt`; false when it is remembered already. */
export async function insertNonce(
  db: Db,
  nonce: { readonly scope: string; readonly nonce: string; readonly expiresAt: number },
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    INSERT INTO nonces (scope, nonce, expires_at) VALUES (${nonce.scope}, ${nonce.nonce}, ${nonce.expiresAt})
    ON CONFLICT (scope, nonce) DO UPDATE SET expires_at = excluded.expires_at WHERE nonces.expires_at <= ${now}
    `.execute(db);
  return numAffectedRows === 1n;
}
