/** What is sent to a webhook: looked at, tried out, and sent again. */
import { findDelivery, listDeliveries as listDeliveryRows, renewDelivery } from '../db/webhook-deliveries.ts';
import { isUuid, newUuid } from '../domain/ids.ts';
import { RefusalError } from '../domain/refusal.ts';
import { type Delivery, leaseMs, type Webhook } from '../domain/webhook.ts';
import { act } from './act.ts';
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
  const id = newUuid(context.random);
  const resource = { type: 'webhook', id: webhookId };
  const deed = { action: 'webhook.manage', type: 'webhook.ping', resource } as const;
  await act(context, caller, deed, async (trx, done) => {
    const webhook = await lockWebhook(trx, caller, webhookId);
    refuseDisabled(webhook);
    done.only = { id, webhook: webhook.id };
  });
  return found(await findDelivery(context.db, webhookId, id), id);
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
