/**
 * The rows of deliveries, and how servers share them out. A due row is claimed by pushing its next attempt beyond the end of
 * this one, and its webhook is busy until then: that moment is the lease. Whoever is killed in between leaves a row that is
 * due again, and a webhook that is free again, when the lease is over.
 */
import { sql } from 'kysely';
import type { Delivery } from '../domain/webhook.ts';
import type { Db, Trx } from './database.ts';

/** An attempt that is to be made now. */
export interface Claim {
  readonly delivery: string;
  readonly event: number;
  readonly webhook: string;
  readonly account: string;
  readonly url: string;
  readonly sealedSecret: Buffer;
  readonly disabled: boolean;
  /** This one included. */
  readonly attempts: number;
  /** Until when nobody else makes it; also what tells this claim from any other of the same delivery. */
  readonly leaseUntil: number;
}

export interface ClaimFilter {
  readonly now: number;
  readonly leaseUntil: number;
  /** Those that are to be left alone for now. */
  readonly busyAccounts: readonly string[];
}

/**
 * Claims what is longest due at one webhook, which is drawn by lot among those that have something due and nothing on its
 * way: however much waits at some of them, each has the same chance. What a disabled account still had to be sent waits
 * until it is enabled.
 */
export async function claimDelivery(db: Db, filter: ClaimFilter): Promise<Claim | undefined> {
  const { now, leaseUntil, busyAccounts } = filter;
  const { rows } = await sql<Claim>`
    WITH drawn AS (
      SELECT due.id FROM webhooks
      JOIN accounts ON accounts.id = webhooks.account AND accounts.disabled_at IS NULL
      CROSS JOIN LATERAL (
        SELECT id FROM webhook_deliveries
        WHERE webhook = webhooks.id AND state = 'pending' AND next_attempt_at <= ${now}
        ORDER BY next_attempt_at LIMIT 1
      ) due
      WHERE webhooks.busy_until <= ${now} AND webhooks.account <> ALL(${busyAccounts}::uuid[])
      ORDER BY random() LIMIT 1
    ), locked AS (
      SELECT d.id, d.webhook FROM webhooks w JOIN webhook_deliveries d ON d.webhook = w.id
      WHERE d.id = (SELECT id FROM drawn) AND d.state = 'pending' AND d.next_attempt_at <= ${now}
        AND w.busy_until <= ${now}
      FOR NO KEY UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE webhooks w SET busy_until = ${leaseUntil} FROM locked WHERE w.id = locked.webhook RETURNING w.*
    )
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = ${leaseUntil}
    FROM locked, leased w
    WHERE d.id = locked.id AND w.id = locked.webhook
    RETURNING d.id AS delivery, d.event, d.webhook, w.account, w.url, w.secret AS "sealedSecret",
              w.disabled_at IS NOT NULL AS disabled, d.attempts, d.next_attempt_at AS "leaseUntil"`.execute(db);
  return rows[0];
}

export type AttemptOutcome =
  | { readonly state: 'delivered' | 'failed'; readonly finishedAt: number }
  | { readonly state: 'pending'; readonly nextAttemptAt: number };

export interface Attempt {
  readonly status: number | null;
  readonly error: string | null;
  readonly outcome: AttemptOutcome;
}

/** Writes down what became of a claim, unless its lease was over and somebody else's claim took its place. */
export async function settleDelivery(db: Db, claim: Claim, { status, error, outcome }: Attempt): Promise<void> {
  const { state } = outcome;
  await endClaim(db, claim)
    .set({ state, last_status: status, last_error: error })
    .set(state === 'pending' ? { next_attempt_at: outcome.nextAttemptAt } : { finished_at: outcome.finishedAt })
    .execute();
}

/** Gives a claim back as if it had not been made. */
export async function releaseDelivery(db: Db, claim: Claim, now: number): Promise<void> {
  await endClaim(db, claim)
    .set(({ eb, ref }) => ({ attempts: eb(ref('d.attempts'), '-', 1), next_attempt_at: now }))
    .execute();
}

/**
 * Frees the webhook, and changes the delivery if both are still the claim's. The webhook's row comes first, as with all that
 * touches both, so that nobody waits in a circle.
 */
function endClaim(db: Db, { delivery, webhook, leaseUntil }: Claim) {
  return db
    .with('freed', (cte) =>
      cte
        .updateTable('webhooks')
        .set({ busy_until: 0 })
        .where('id', '=', webhook)
        .where('busy_until', '=', leaseUntil)
        .returning('id'),
    )
    .updateTable('webhook_deliveries as d')
    .from('freed')
    .whereRef('d.webhook', '=', 'freed.id')
    .where('d.id', '=', delivery)
    .where('d.state', '=', 'pending')
    .where('d.next_attempt_at', '=', leaseUntil);
}

function selectDeliveries(db: Db | Trx, webhookId: string) {
  return db
    .selectFrom('webhook_deliveries as d')
    .innerJoin('events', 'events.id', 'd.event')
    .select([
      'd.id',
      'd.webhook as webhookId',
      'd.event as eventId',
      'events.type',
      'd.state',
      'd.attempts',
      sql<number | null>`CASE WHEN d.state = 'pending' THEN d.next_attempt_at END`.as('nextAttemptAt'),
      'd.last_status as lastStatus',
      'd.last_error as lastError',
      'd.finished_at as finishedAt',
    ])
    .where('d.webhook', '=', webhookId);
}

/** The webhook's, newest event first, only those of events `before` it. */
export async function listDeliveries(
  db: Db,
  webhookId: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<Delivery[]> {
  let query = selectDeliveries(db, webhookId);
  if (before !== undefined) query = query.where('d.event', '<', before);
  return await query.orderBy('d.event', 'desc').limit(limit).execute();
}

export async function findDelivery(db: Db | Trx, webhookId: string, id: string): Promise<Delivery | undefined> {
  return await selectDeliveries(db, webhookId).where('d.id', '=', id).executeTakeFirst();
}

/**
 * Makes a delivery due, with all its attempts before it. One that is due before `soon` is left as it is: perhaps an attempt
 * is being made, and if not it is near.
 */
export async function renewDelivery(trx: Trx, id: string, now: number, soon: number): Promise<void> {
  await trx
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', attempts: 0, next_attempt_at: now, finished_at: null })
    .where('id', '=', id)
    .where(({ or, eb }) => or([eb('state', '<>', 'pending'), eb('next_attempt_at', '>', soon)]))
    .execute();
}
