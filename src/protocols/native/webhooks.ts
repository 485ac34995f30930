import { z } from 'zod';
import { listDeliveries, pingWebhook, redeliver } from '../../app/webhook-deliveries.ts';
import { createWebhook, deleteWebhook, findWebhook, listWebhooks, updateWebhook } from '../../app/webhooks.ts';
import type { Delivery, Webhook } from '../../domain/webhook.ts';
import { eventId } from './events.ts';
import { description, id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf } from './paging.ts';
import { time, timeOf, timeOrNull, uuid } from './render.ts';

const webhookShape = {
  id: uuid,
  url: z.string(),
  description: z.string(),
  types: z.array(z.string()),
  createdAt: time,
  disabled: z.boolean(),
};
const webhookSchema = z.strictObject(webhookShape).meta({ id: 'Webhook' });
const newWebhookSchema = z
  .strictObject({ ...webhookShape, secret: z.string().meta({ description: 'Shown this once.' }) })
  .meta({ id: 'NewWebhook' });

const deliverySchema = z
  .strictObject({
    id: uuid,
    eventId: z.int(),
    type: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int().min(0),
    nextAttemptAt: time.nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Delivery', description: "An event's way to a webhook." });

function renderWebhook({ id, url, description, types, createdAt, disabledAt }: Webhook): z.input<typeof webhookSchema> {
  return { id, url, description, types: [...types], createdAt: timeOf(createdAt), disabled: disabledAt !== null };
}

function renderDelivery({
  webhookId: _,
  nextAttemptAt,
  finishedAt,
  ...shown
}: Delivery): z.input<typeof deliverySchema> {
  return { ...shown, nextAttemptAt: timeOrNull(nextAttemptAt), finishedAt: timeOrNull(finishedAt) };
}

const webhookParams = { webhook: id("The webhook's id.") };

const url = text.max(2048).meta({ description: 'http or https, to an address that the operator allows.' });
const types = z.array(text).min(1).max(50).meta({ description: 'Types of events, `image.*` and the like, or `*`.' });

export const webhookOperations = [
  operation({
    id: 'listWebhooks',
    method: 'GET',
    path: '/webhooks',
    summary: 'Lists the webhooks, oldest first.',
    action: 'webhook.read',
    status: 200,
    answer: z.strictObject({ webhooks: z.array(webhookSchema) }),
    refusals: [],
    async handle({ context, caller }) {
      return { body: { webhooks: (await listWebhooks(context, caller)).map(renderWebhook) } };
    },
  }),

  operation({
    id: 'createWebhook',
    method: 'POST',
    path: '/webhooks',
    summary: 'Makes a webhook; its secret is shown this once.',
    action: 'webhook.manage',
    body: z.strictObject({ url, types, description: description.default('') }),
    example: { url: 'https://hooks.example.com/images', types: ['image.*', 'copy.succeeded'] },
    status: 201,
    answer: newWebhookSchema,
    refusals: ['webhook.limit', 'webhook.address'],
    async handle({ context, caller, body }) {
      const webhook = await createWebhook(context, caller, body);
      return { body: { ...renderWebhook(webhook), secret: webhook.secret } };
    },
  }),

  operation({
    id: 'findWebhook',
    method: 'GET',
    path: '/webhooks/{webhook}',
    summary: 'Shows a webhook.',
    action: 'webhook.read',
    params: webhookParams,
    status: 200,
    answer: webhookSchema,
    refusals: ['webhook.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderWebhook(await findWebhook(context, caller, params.webhook)) };
    },
  }),

  operation({
    id: 'updateWebhook',
    method: 'PATCH',
    path: '/webhooks/{webhook}',
    summary: 'Changes what is given. A disabled webhook does not hear later of what happened meanwhile.',
    action: 'webhook.manage',
    params: webhookParams,
    body: z.strictObject({
      url: url.optional(),
      types: types.optional(),
      description: description.optional(),
      disabled: z.boolean().optional(),
    }),
    example: { disabled: true },
    status: 200,
    answer: webhookSchema,
    refusals: ['webhook.not-found', 'webhook.address'],
    async handle({ context, caller, params, body }) {
      return { body: renderWebhook(await updateWebhook(context, caller, params.webhook, body)) };
    },
  }),

  operation({
    id: 'deleteWebhook',
    method: 'DELETE',
    path: '/webhooks/{webhook}',
    summary: 'Deletes a webhook, with what was still to be delivered.',
    action: 'webhook.manage',
    params: webhookParams,
    status: 204,
    answer: nothing,
    refusals: ['webhook.not-found'],
    async handle({ context, caller, params }) {
      await deleteWebhook(context, caller, params.webhook);
      return { body: undefined };
    },
  }),

  operation({
    id: 'pingWebhook',
    method: 'POST',
    path: '/webhooks/{webhook}/ping',
    summary: 'Sends the webhook an event of its own, to try it out.',
    action: 'webhook.manage',
    params: webhookParams,
    status: 202,
    answer: deliverySchema,
    refusals: ['webhook.not-found', 'webhook.disabled'],
    async handle({ context, caller, params }) {
      return { body: renderDelivery(await pingWebhook(context, caller, params.webhook)) };
    },
  }),

  operation({
    id: 'listDeliveries',
    method: 'GET',
    path: '/webhooks/{webhook}/deliveries',
    summary: 'Lists what was or is to be sent, newest event first.',
    action: 'webhook.read',
    params: webhookParams,
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('deliveries', deliverySchema),
    refusals: ['webhook.not-found'],
    async handle({ context, caller, params, query }) {
      const cursors = createCursors(eventId, 'deliveries', params.webhook);
      const page = { limit: query.limit, before: cursors.read(query.cursor) };
      const { deliveries, next } = await listDeliveries(context, caller, params.webhook, page);
      return { body: { deliveries: deliveries.map(renderDelivery), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'redeliver',
    method: 'POST',
    path: '/webhooks/{webhook}/deliveries/{delivery}/redeliver',
    summary: 'Sends an event again, with all attempts before it.',
    action: 'webhook.manage',
    params: { ...webhookParams, delivery: id("The delivery's id.") },
    status: 202,
    answer: deliverySchema,
    refusals: ['webhook.not-found', 'webhook.disabled', 'delivery.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderDelivery(await redeliver(context, caller, params.webhook, params.delivery)) };
    },
  }),
];
