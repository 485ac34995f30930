/**
 * Sends events to the webhooks that want them: at least once, each attempt with the same id, over about a day. The table of
 * deliveries is the queue, every server takes from it, and no transaction is open while a receiver takes its time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/database.ts';
import { findEvent } from '../db/events.ts';
import { type Attempt, type Claim, claimDelivery, releaseDelivery, settleDelivery } from '../db/webhook-deliveries.ts';
import { eventDocument } from '../domain/event-document.ts';
import type { RandomBytes } from '../domain/ids.ts';
import { leaseMs, retryPause, webhookPlace } from '../domain/webhook.ts';
import type { Egress } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { SecretBox } from '../lib/secret-box.ts';
import { signWebhook } from '../lib/webhook-signature.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface WebhookContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly secrets: SecretBox;
  readonly egress: Pick<Egress, 'post'>;
  readonly logger: Logger;
  /** Attempts of one delivery before it has failed. */
  readonly maxAttempts: number;
  /** How long a receiver may take; clearly less than the lease. */
  readonly timeoutMs: number;
  /** How long to wait when nothing is due. */
  readonly pollMs: number;
}

/** Attempts at once: each is a socket and little else. */
const maxAttemptsAtOnce = 16;
/** Of one account, so that no account's slow receivers keep those of the others waiting. A webhook has one at a time. */
const maxOfAccount = 4;
/** More is not read of an answer; a receiver has nothing to say but its status. */
const maxAnswerBytes = 16 * 1024;

/** Delivers until the signal; resolves when what was being sent has been called off and given back. */
export async function deliverWebhooks(context: WebhookContext, signal: AbortSignal): Promise<void> {
  const { db, clock, logger, pollMs } = context;
  const running = new Map<Claim, Promise<void>>();
  let rest: Promise<void> | undefined;

  while (!signal.aborted) {
    const claim = await claimNext().catch((error: unknown) => {
      logger.error({ error }, 'webhooks cannot be delivered at present');
      return undefined;
    });
    if (claim === undefined) {
      await pause();
      continue;
    }
    const done = deliver(context, claim, signal).finally(() => running.delete(claim));
    running.set(claim, done);
  }
  await Promise.all(running.values());

  async function claimNext(): Promise<Claim | undefined> {
    if (running.size >= maxAttemptsAtOnce) return undefined;
    const now = clock.now();
    const ofAccount = Map.groupBy(running.keys(), ({ account }) => account);
    return await claimDelivery(db, {
      now,
      leaseUntil: now + leaseMs,
      busyAccounts: [...ofAccount].filter(([, own]) => own.length >= maxOfAccount).map(([account]) => account),
    });
  }

  /** Until one that runs is done, which makes room, or new ones may be due. */
  async function pause(): Promise<void> {
    rest ??= sleep(pollMs, undefined, { signal })
      .catch(() => {})
      .finally(() => {
        rest = undefined;
      });
    await Promise.race([rest, ...running.values()]);
  }
}

/** Makes one attempt and writes down what became of it. Does not throw: what cannot be written is due again after its lease. */
async function deliver(context: WebhookContext, claim: Claim, signal: AbortSignal): Promise<void> {
  const { db, clock, logger } = context;
  const facts = { webhook: claim.webhook, delivery: claim.delivery, attempt: claim.attempts };
  try {
    const result = claim.disabled ? disabled : await send(context, claim, signal);
    await settleDelivery(db, claim, { ...result, outcome: outcomeOf(context, claim, result) });
  } catch (error) {
    if (signal.aborted) await releaseDelivery(db, claim, clock.now()).catch(() => {});
    else logger.error({ ...facts, error }, 'the delivery of a webhook could not be written down');
  }
}

type Result = Pick<Attempt, 'status' | 'error'>;

const disabled: Result = { status: null, error: 'the webhook was disabled' };

function outcomeOf(
  { clock, random, maxAttempts }: WebhookContext,
  claim: Claim,
  { error }: Result,
): Attempt['outcome'] {
  const now = clock.now();
  if (error === null) return { state: 'delivered', finishedAt: now };
  if (claim.disabled || claim.attempts >= maxAttempts) return { state: 'failed', finishedAt: now };
  const [lot = 0] = random(1);
  return { state: 'pending', nextAttemptAt: now + retryPause(claim.attempts, lot / 255) };
}

/** The answer, or why there is none in words for the webhook's owner. Throws when it was called off. */
async function send(context: WebhookContext, claim: Claim, signal: AbortSignal): Promise<Result> {
  const { egress, logger, timeoutMs } = context;
  try {
    const { headers, body } = await messageOf(context, claim);
    const status = await egress.post(claim.url, { headers, body, timeoutMs, maxAnswerBytes, signal });
    return { status, error: status >= 200 && status < 300 ? null : `it answered with status ${status}` };
  } catch (error) {
    signal.throwIfAborted();
    const facts = { webhook: claim.webhook, delivery: claim.delivery, error };
    if (error instanceof EgressError) {
      logger.debug(facts, 'a webhook was not answered');
      return { status: null, error: error.message };
    }
    logger.error(facts, 'a webhook could not be sent');
    return { status: null, error: 'it could not be sent; the log of the server says why' };
  }
}

async function messageOf(
  { db, clock, secrets }: WebhookContext,
  claim: Claim,
): Promise<{ headers: Record<string, string>; body: string }> {
  const event = await findEvent(db, claim.account, claim.event);
  if (event === undefined) throw new Error(`event ${claim.event} is gone`);
  const body = JSON.stringify(eventDocument(event, new Date(event.at).toISOString()));
  const message = { id: claim.delivery, timestamp: Math.floor(clock.now() / 1000), body };
  const signature = signWebhook(message, secrets.open(claim.sealedSecret, webhookPlace(claim.webhook)));
  return { headers: { 'content-type': 'application/json', 'user-agent': 'mimeo-webhooks/1', ...signature }, body };
}
