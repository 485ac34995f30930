/** An account's webhooks. */
import type { Trx } from '../db/database.ts';
import {
  deleteWebhook as deleteWebhookRow,
  findWebhook as findWebhookRow,
  insertWebhook,
  listWebhooks as listWebhookRows,
  lockWebhookCount,
  lockWebhook as lockWebhookRow,
  updateWebhook as updateWebhookRow,
} from '../db/webhooks.ts';
import { isUuid, newUuid } from '../domain/ids.ts';
import { checkDescription } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import { checkWebhookTypes, maxWebhooks, type Webhook, webhookPlace } from '../domain/webhook.ts';
import { EgressError } from '../egress/egress-error.ts';
import { newWebhookSecret } from '../lib/webhook-signature.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

export interface WebhookCommand {
  readonly url: string;
  readonly types: readonly string[];
  readonly description: string;
}

export type WebhookUpdate = { readonly [Field in keyof WebhookCommand]?: WebhookCommand[Field] | undefined } & {
  readonly disabled?: boolean | undefined;
};

/** Oldest first; there are at most 20. */
export async function listWebhooks(context: AppContext, caller: Caller): Promise<Webhook[]> {
  demand(caller, 'webhook.read');
  return await listWebhookRows(context.db, caller.accountId);
}

export async function findWebhook(context: AppContext, caller: Caller, id: string): Promise<Webhook> {
  demand(caller, 'webhook.read');
  const webhook = isUuid(id) ? await findWebhookRow(context.db, caller.accountId, id) : undefined;
  if (webhook === undefined) throw new RefusalError('webhook.not-found', { webhook: id });
  return webhook;
}

/** Makes a webhook. Its secret is told now and never again. */
export async function createWebhook(
  context: AppContext,
  caller: Caller,
  { url, types, description }: WebhookCommand,
): Promise<Webhook & { readonly secret: string }> {
  const { clock, random, secrets } = context;
  const id = newUuid(random);
  const secret = newWebhookSecret(random);
  const deed = { action: 'webhook.manage', type: 'webhook.create', resource: { type: 'webhook', id } } as const;
  return await act(context, caller, { ...deed, details: { types } }, async (trx) => {
    check(context, { url, types, description });
    if ((await lockWebhookCount(trx, caller.accountId)) >= maxWebhooks) {
      throw new RefusalError('webhook.limit', { limit: maxWebhooks });
    }
    const { accountId } = caller;
    const webhook = { id, accountId, url, description, types, createdAt: clock.now(), disabledAt: null };
    await insertWebhook(trx, webhook, secrets.seal(secret, webhookPlace(id)));
    return { ...webhook, secret };
  });
}

/** Changes what is given. A disabled webhook is sent nothing, and does not hear later of what happened meanwhile. */
export async function updateWebhook(
  context: AppContext,
  caller: Caller,
  id: string,
  { disabled, ...changes }: WebhookUpdate,
): Promise<Webhook> {
  const deed = { action: 'webhook.manage', type: 'webhook.update', resource: { type: 'webhook', id } } as const;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  // Names only: the path of a URL is often a secret of its receiver.
  const changed = [...Object.keys(given), ...(disabled === undefined ? [] : ['disabled'])];
  return await act(context, caller, { ...deed, details: { changed } }, async (trx) => {
    check(context, changes);
    const webhook = await lockWebhook(trx, caller, id);
    const disabledAt = disabled ? (webhook.disabledAt ?? context.clock.now()) : null;
    const updated = { ...webhook, ...given, ...(disabled === undefined ? {} : { disabledAt }) };
    await updateWebhookRow(trx, updated);
    return updated;
  });
}

/** With what was still to be delivered to it. */
export async function deleteWebhook(context: AppContext, caller: Caller, id: string): Promise<void> {
  const deed = { action: 'webhook.manage', type: 'webhook.delete', resource: { type: 'webhook', id } } as const;
  await act(context, caller, deed, async (trx) => {
    const webhook = await lockWebhook(trx, caller, id);
    await deleteWebhookRow(trx, webhook.id);
  });
}

/** The caller's webhook, which stays as it is until the transaction ends. */
export async function lockWebhook(trx: Trx, caller: Caller, id: string): Promise<Webhook> {
  const webhook = isUuid(id) ? await lockWebhookRow(trx, caller.accountId, id) : undefined;
  if (webhook === undefined) throw new RefusalError('webhook.not-found', { webhook: id });
  return webhook;
}

function check({ egress }: AppContext, { url, types, description }: WebhookUpdate): void {
  if (description !== undefined) checkDescription(description);
  if (types !== undefined) checkWebhookTypes(types);
  if (url === undefined) return;
  try {
    egress.check(url);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw new RefusalError('webhook.address', { url, reason: error.message }, { cause: error });
  }
}
