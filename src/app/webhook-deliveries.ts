/** What is sent to a webhook: looked at, tried out, and sent again. */
import { inTransaction } from '../db/database.ts';
import {
  findDelivery,
  insertPing,
  listDeliveries as listDeliveryRows,
  renewDelivery,
} from '../db/webhook-deliveries.ts';
import { actorOf } from '../domain/event.ts';
import { isUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { type Delivery, leaseMs, type Webhook } from '../domain/webhook.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findWebhook, lockWebhook } from './webhooks.ts';

export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  /** The `before` of the next page, null at the end. */
  readonly next: number | null;
}

/** Newest event first; only those of events `before` this one. */
export async function listDeliveries(
  context: AppContext,
  caller: Caller,
  webhookId: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<DeliveryPage> {
  const { id } = await findWebhook(context, caller, webhookId);
  const rows = await listDeliveryRows(context.db, id, { before, limit: limit + 1 });
  const deliveries = rows.slice(0, limit);
  return { deliveries, next: rows.length > limit ? (deliveries.at(-1)?.eventId ?? null) : null };
}

/** Sends the webhook an event of its own, to try it out. That event is the record of it, so there is no other. */
export async function pingWebhook(context: AppContext, caller: Caller, webhookId: string): Promise<Delivery> {
  demand(caller, 'webhook.manage');
  const now = context.clock.now();
  return await inTransaction(context.db, async (trx) => {
    const webhook = await lockWebhook(trx, caller, webhookId);
    refuseDisabled(webhook);
    const event = {
      accountId: caller.accountId,
      type: 'webhook.ping',
      outcome: 'succeeded',
      actor: actorOf(caller),
      resource: { type: 'webhook', id: webhook.id },
      region: null,
      origin: caller.origin,
      details: {},
    };
    const id = await insertPing(trx, webhook.id, event, now);
    return found(await findDelivery(trx, webhook.id, id), id);
  });
}

/** Sends again what was delivered or has failed, and at once what waits for its next attempt; with all attempts before it. */
export async function redeliver(
  context: AppContext,
  caller: Caller,
  webhookId: string,
  deliveryId: string,
): Promise<Delivery> {
  const resource = { type: 'webhook', id: webhookId };
  const details = { delivery: deliveryId };
  const deed = { action: 'webhook.manage', type: 'webhook.redeliver', resource, details } as const;
  return await act(context, caller, deed, async (trx) => {
    const webhook = await lockWebhook(trx, caller, webhookId);
    const delivery = found(
      isUuid(deliveryId) ? await findDelivery(trx, webhook.id, deliveryId) : undefined,
      deliveryId,
    );
    refuseDisabled(webhook);
    const now = context.clock.now();
    await renewDelivery(trx, delivery.id, now, now + leaseMs);
    return found(await findDelivery(trx, webhook.id, delivery.id), deliveryId);
  });
}

function found(delivery: Delivery | undefined, id: string): Delivery {
  if (delivery === undefined) throw new RefusalError('delivery.not-found', { delivery: id });
  return delivery;
}

function refuseDisabled({ id, disabledAt }: Webhook): void {
  if (disabledAt !== null) throw new RefusalError('webhook.disabled', { webhook: id });
}
