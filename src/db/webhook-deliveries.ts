/**
 * The rows of deliveries, and how servers share them out. A due row is claimed by pushing its next attempt beyond the end of
 * this one: that moment is the lease. Whoever is killed in between leaves a row that is due again when the lease is over.
 */
import { sql } from 'kysely';
import type { NewEvent } from '../domain/event.ts';
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
  readonly busyWebhooks: readonly string[];
  readonly busyAccounts: readonly string[];
}

/**
 * Claims what is longest due at one webhook, which is drawn by lot among those that have something due: however much waits
 * at some of them, each has the same chance.
 */
export async function claimDelivery(db: Db, filter: ClaimFilter): Promise<Claim | undefined> {
  const { now, leaseUntil, busyWebhooks, busyAccounts } = filter;
  const { rows } = await sql<Claim>`
    WITH drawn AS (
      SELECT due.id FROM webhooks
      CROSS JOIN LATERAL (
        SELECT id FROM webhook_deliveries
        WHERE webhook = webhooks.id AND state = 'pending' AND next_attempt_at <= ${now}
        ORDER BY next_attempt_at LIMIT 1
      ) due
      WHERE webhooks.id <> ALL(${busyWebhooks}::uuid[]) AND webhooks.account <> ALL(${busyAccounts}::uuid[])
      ORDER BY random() LIMIT 1
    ), locked AS (
      SELECT id FROM webhook_deliveries
      WHERE id = (SELECT id FROM drawn) AND state = 'pending' AND next_attempt_at <= ${now}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = ${leaseUntil}
    FROM locked, webhooks w
    WHERE d.id = locked.id AND w.id = d.webhook
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
  await db
    .updateTable('webhook_deliveries')
    .set({ state, last_status: status, last_error: error })
    .set(state === 'pending' ? { next_attempt_at: outcome.nextAttemptAt } : { finished_at: outcome.finishedAt })
    .where('id', '=', claim.delivery)
    .where('state', '=', 'pending')
    .where('next_attempt_at', '=', claim.leaseUntil)
    .execute();
}

/** Gives a claim back as if it had not been made. */
export async function releaseDelivery(db: Db, claim: Claim, now: number): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set(({ eb }) => ({ attempts: eb('attempts', '-', 1), next_attempt_at: now }))
    .where('id', '=', claim.delivery)
    .where('state', '=', 'pending')
    .where('next_attempt_at', '=', claim.leaseUntil)
    .execute();
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

export async function findDelivery(trx: Trx, webhookId: string, id: string): Promise<Delivery | undefined> {
  return await selectDeliveries(trx, webhookId).where('d.id', '=', id).executeTakeFirst();
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

/** Writes an event that this webhook alone hears of; answers with its delivery's id. */
export async function insertPing(trx: Trx, webhookId: string, event: NewEvent, now: number): Promise<string> {
  const { accountId, type, outcome, actor, resource, origin, details } = event;
  const { id } = await trx
    .insertInto('events')
    .values({
      at: now,
      account: accountId,
      type,
      outcome,
      actor_kind: actor.kind,
      actor_account: actor.accountId,
      actor_user: actor.userId,
      actor_name: actor.name,
      access_key: actor.accessKeyId,
      resource_type: resource.type,
      resource_id: resource.id,
      region: null,
      protocol: origin?.protocol ?? null,
      request: origin?.requestId ?? null,
      address: origin?.address ?? null,
      details: JSON.stringify(details),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const delivery = await trx
    .insertInto('webhook_deliveries')
    .values({ webhook: webhookId, event: id, next_attempt_at: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  return delivery.id;
}
