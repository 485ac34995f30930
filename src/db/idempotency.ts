/** Idempotency tokens: who sends a request again with its token gets what the first one made. */
import { sql } from 'kysely';
import type { Trx } from './database.ts';

export interface IdempotencyToken {
  readonly accountId: string;
  readonly operation: string;
  readonly token: string;
  /** Hash of all that the request asks for. */
  readonly fingerprint: Uint8Array;
}

export type IdempotencyClaim =
  | { readonly outcome: 'first' }
  | { readonly outcome: 'mismatch' }
  /** What {@link keepResult} was given. */
  | { readonly outcome: 'again'; readonly result: unknown };

/**
 * Takes the token for this transaction. Waits for another one that holds it, and sees what it has kept; if that one failed,
 * the token is as good as new.
 */
export async function claimToken(
  trx: Trx,
  { accountId, operation, token, fingerprint }: IdempotencyToken,
  now: number,
  expiresAt: number,
): Promise<IdempotencyClaim> {
  const { rows } = await sql`
    INSERT INTO idempotency_tokens AS held (account, operation, token, fingerprint, result, expires_at)
    VALUES (${accountId}, ${operation}, ${token}, ${fingerprint}, 'null', ${expiresAt})
    ON CONFLICT (account, operation, token) DO UPDATE
      SET fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at
      WHERE held.expires_at <= ${now}
    RETURNING token`.execute(trx);
  if (rows.length > 0) return { outcome: 'first' };
  const held = await trx
    .selectFrom('idempotency_tokens')
    .select(['fingerprint', 'result'])
    .where('account', '=', accountId)
    .where('operation', '=', operation)
    .where('token', '=', token)
    .executeTakeFirstOrThrow();
  if (Buffer.compare(held.fingerprint, fingerprint) !== 0) return { outcome: 'mismatch' };
  return { outcome: 'again', result: held.result };
}

/** What the same request is to be answered with from now on; ids, never a secret. */
export async function keepResult(
  trx: Trx,
  { accountId, operation, token }: IdempotencyToken,
  result: unknown,
): Promise<void> {
  await trx
    .updateTable('idempotency_tokens')
    .set({ result: JSON.stringify(result) })
    .where('account', '=', accountId)
    .where('operation', '=', operation)
    .where('token', '=', token)
    .execute();
}
