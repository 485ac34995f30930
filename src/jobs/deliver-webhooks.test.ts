import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { AppContext, Caller } from '../app/context.ts';
import { listDeliveries, pingWebhook } from '../app/webhook-deliveries.ts';
import { createWebhook, deleteWebhook, updateWebhook } from '../app/webhooks.ts';
import { recordEvent } from '../db/events.ts';
import { claimDelivery, settleDelivery } from '../db/webhook-deliveries.ts';
import type { Delivery, Webhook } from '../domain/webhook.ts';
import { leaseMs } from '../domain/webhook.ts';
import { createEgress } from '../egress/egress.ts';
import { createSecretBox } from '../lib/secret-box.ts';
import { createLogger } from '../telemetry/logger.ts';
import { deliverWebhooks, type WebhookContext } from './deliver-webhooks.ts';

let database: TestDatabase;
let app: AppContext;
let context: WebhookContext;
let caller: Caller;
/** How far the clock is ahead: pauses are hours, a test is not. */
let skipped = 0;
let log = '';
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ connections: 10 });
  const shared = {
    db: database.db,
    clock: { now: () => Date.now() + skipped },
    random: randomBytes,
    secrets: createSecretBox(randomBytes(32)),
    egress: createEgress({ allowPrivate: true }),
    logger: createLogger('debug', { write: (line) => (log += line) }),
  };
  context = { ...shared, maxAttempts: 4, timeoutMs: 10_000, pollMs: 10 };
  // The rest of a server has nothing to do with webhooks.
  app = shared as unknown as AppContext;
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.deleteFrom('webhooks').execute();
  caller = await createTenant(database.db);
  log = '';
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver {
  readonly url: string;
  readonly messages: Message[];
  readonly server: Server;
}

/** A receiver that answers the messages as told, the last answer for all that follow; none: it keeps silent. */
async function receive(...answers: (number | undefined)[]): Promise<Receiver> {
  const messages: Message[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const answer = answers[Math.min(messages.length, answers.length - 1)];
    messages.push({ headers: request.headers, body });
    if (answer !== undefined) response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end('never shown');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, messages, server };
}

/** Starts a server's deliverer; it ends with the test, before its receivers. */
function start(changes: Partial<WebhookContext> = {}): () => Promise<void> {
  const stopping = new AbortController();
  const done = deliverWebhooks({ ...context, ...changes }, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await done;
  };
  stops.unshift(stop);
  return stop;
}

function hook(url: string, types = ['image.*'], who = caller): Promise<Webhook & { secret: string }> {
  return createWebhook(app, who, { url, types, description: '' });
}

async function happen(type = 'image.available', who = caller): Promise<void> {
  const { accountId, accountName: name, origin } = who;
  const actor = { kind: 'service', accountId: null, userId: null, name, accessKeyId: null } as const;
  const resource = { type: 'image', id: 'an image' };
  const event = { accountId, type, outcome: 'succeeded', actor, resource, region: null, origin, details: { é: 1 } };
  await recordEvent(database.db, event, context.clock.now());
}

async function deliveryOf(webhook: string, who = caller): Promise<Delivery> {
  const [delivery] = (await listDeliveries(app, who, webhook, { limit: 1 })).deliveries;
  if (delivery === undefined) throw new Error('nothing is to be delivered');
  return delivery;
}

function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

/** Waits until the newest delivery is as told. */
async function expectDelivery(webhook: string, state: Partial<Delivery>): Promise<Delivery> {
  return await eventually(async () => {
    const delivery = await deliveryOf(webhook);
    expect(delivery).toMatchObject(state);
    return delivery;
  });
}

describe('deliverWebhooks', () => {
  it('sends the event, signed, in the words of the API', async () => {
    const { url, messages } = await receive(204);
    const { id, secret } = await hook(url);
    start();
    await happen();
    const delivery = await expectDelivery(id, { state: 'delivered', attempts: 1, lastStatus: 204, lastError: null });
    expect(delivery).toMatchObject({ nextAttemptAt: null, finishedAt: expect.any(Number) });
    const [{ headers, body } = { headers: {}, body: '' }] = messages;
    expect(JSON.parse(body)).toEqual({
      id: delivery.eventId,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      type: 'image.available',
      outcome: 'succeeded',
      actor: { kind: 'service', account: null, user: null, name: caller.accountName, accessKey: null },
      resource: { type: 'image', id: 'an image' },
      region: null,
      protocol: caller.origin.protocol,
      requestId: caller.origin.requestId,
      address: caller.origin.address,
      details: { é: 1 },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringContaining('mimeo'),
      'webhook-id': delivery.id,
    });
    const timestamp = headers['webhook-timestamp'] as string;
    expect(Math.abs(Number(timestamp) * 1000 - context.clock.now())).toBeLessThan(5000);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = createHmac('sha256', key).update(`${delivery.id}.${timestamp}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
    expect(messages).toHaveLength(1);
    expect(log).not.toContain(secret.slice('whsec_'.length));
  });

  it('tries again, later each time and under the same id, until it is taken', async () => {
    const { url, messages } = await receive(500, 302, 200);
    const { id } = await hook(url);
    start();
    await happen();
    const first = await expectDelivery(id, { state: 'pending', attempts: 1, lastStatus: 500 });
    expect(first.lastError).toBe('it answered with status 500');
    expect(waitOf(first)).toBeGreaterThan(3);
    expect(waitOf(first)).toBeLessThanOrEqual(6);
    skipped += 6000;
    const second = await expectDelivery(id, { state: 'pending', attempts: 2, lastStatus: 302 });
    expect(waitOf(second)).toBeGreaterThan(23);
    expect(waitOf(second)).toBeLessThanOrEqual(36);
    skipped += 36_000;
    await expectDelivery(id, { state: 'delivered', attempts: 3, lastStatus: 200, lastError: null });
    expect(messages.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill(first.id));
    expect(new Set(messages.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
  });

  it.each([
    ['is silent', () => receive(undefined), 'no answer within 0.1 seconds'],
    ['is not there', async () => ({ url: 'http://127.0.0.1:1/' }), 'no HTTP answer from there'],
    ['cannot be resolved', async () => ({ url: 'http://nowhere.invalid/' }), 'its name does not resolve'],
  ])('gives up in the end on a receiver that %s', async (_what, make, words) => {
    const { id } = await hook((await make()).url);
    start({ maxAttempts: 2, timeoutMs: 100 });
    await happen();
    await expectDelivery(id, { state: 'pending', lastStatus: null, lastError: expect.stringContaining(words) });
    skipped += 6000;
    const failed = await expectDelivery(id, { state: 'failed', attempts: 2, nextAttemptAt: null });
    expect(failed.finishedAt).not.toBeNull();
  });

  it('does not go to private addresses unless they are allowed', async () => {
    const { url, messages } = await receive(200);
    const { id } = await hook(url);
    start({ egress: createEgress({ allowPrivate: false }) });
    await happen();
    const lastError = 'private, local and reserved addresses are not allowed';
    await expectDelivery(id, { attempts: 1, state: 'pending', lastError });
    expect(messages).toEqual([]);
  });

  it('delivers each event once, however many servers deliver', async () => {
    const { url, messages } = await receive(200);
    const more = await Promise.all(Array.from({ length: 4 }, () => hook(url)));
    for (let count = 0; count < 10; count++) await happen();
    start({ db: database.open(3) });
    start({ db: database.open(3) });
    await eventually(async () => expect(await pendingCount()).toBe(0));
    expect(messages).toHaveLength(more.length * 10);
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(more.length * 10);
  });

  it('sends nothing twice, nor anything else to the same webhook, while the receiver takes its time', async () => {
    const { url, messages } = await receive(undefined);
    await hook(url);
    for (let count = 0; count < 3; count++) await happen();
    start();
    start();
    await eventually(() => expect(messages).toHaveLength(1));
    await sleep(100);
    expect(messages).toHaveLength(1);
  });

  it('lets one server take from a webhook until that is settled, however many would', async () => {
    await hook('http://127.0.0.1:1/');
    for (let count = 0; count < 5; count++) await happen();
    const claim = async () => {
      const now = context.clock.now();
      return await claimDelivery(database.db, { now, leaseUntil: now + leaseMs, busyAccounts: [] });
    };
    const claimed = async () =>
      (await Promise.all(Array.from({ length: 5 }, claim))).filter((each) => each !== undefined);
    const [first, ...more] = await claimed();
    expect(more).toEqual([]);
    expect(await claimed()).toEqual([]);
    if (first === undefined) throw new Error('nothing was claimed');
    const outcome = { state: 'delivered', finishedAt: context.clock.now() } as const;
    await settleDelivery(database.db, first, { status: 200, error: null, outcome });
    const [second, ...others] = await claimed();
    expect(others).toEqual([]);
    expect(second).toMatchObject({ webhook: first.webhook, attempts: 1 });
    expect(second?.delivery).not.toBe(first.delivery);
  });

  it('sends a disabled account nothing until it is enabled', async () => {
    const { url, messages } = await receive(200);
    const { id } = await hook(url);
    await happen();
    const disable = (disabledAt: number | null) =>
      database.db.updateTable('accounts').set({ disabled_at: disabledAt }).where('id', '=', caller.accountId).execute();
    await disable(context.clock.now());
    start();
    await sleep(100);
    expect(messages).toEqual([]);
    expect(await deliveryOf(id)).toMatchObject({ state: 'pending', attempts: 0 });
    await disable(null);
    await expectDelivery(id, { state: 'delivered' });
  });

  it('keeps nobody waiting for the slow receivers of others', async () => {
    const slow = await receive(undefined);
    for (let count = 0; count < 6; count++) await hook(slow.url);
    for (let count = 0; count < 5; count++) await happen();
    start({ timeoutMs: 60_000 });
    await eventually(() => expect(slow.messages).toHaveLength(4));
    const other = await createTenant(database.db);
    const fast = await receive(200);
    await hook(fast.url, ['image.*'], other);
    for (let count = 0; count < 5; count++) await happen('image.available', other);
    await eventually(() => expect(fast.messages).toHaveLength(5));
    // Four of one account at once, and one of each webhook.
    expect(slow.messages).toHaveLength(4);
    expect(await busiestWebhook()).toBe(1);
  });

  it('hands on what a killed server was sending, under the same id', async () => {
    const { url, messages } = await receive(200);
    const { id } = await hook(url);
    await happen();
    // All that a server does before it sends; then it is killed.
    const now = context.clock.now();
    const claim = await claimDelivery(database.db, { now, leaseUntil: now + leaseMs, busyAccounts: [] });
    start();
    await sleep(50);
    expect(messages).toEqual([]);
    skipped += leaseMs;
    await expectDelivery(id, { state: 'delivered', attempts: 2 });
    expect(messages.map(({ headers }) => headers['webhook-id'])).toEqual([claim?.delivery]);
  });

  it('lets a server whose lease was over change nothing', async () => {
    const { url, messages } = await receive(undefined, 500);
    const { id } = await hook(url);
    await happen();
    const late = start({ timeoutMs: 300 });
    const gaveUp = sleep(400);
    await eventually(() => expect(messages).toHaveLength(1));
    start({ clock: { now: () => context.clock.now() + leaseMs } });
    const taken = await expectDelivery(id, { state: 'pending', attempts: 2, lastStatus: 500 });
    await gaveUp;
    await late();
    expect(await deliveryOf(id)).toEqual(taken);
  });

  it('calls off what it is sending when it stops, and gives it back', async () => {
    const { url, messages } = await receive(undefined);
    const { id } = await hook(url);
    await happen();
    const stop = start({ timeoutMs: 60_000 });
    await eventually(() => expect(messages).toHaveLength(1));
    await stop();
    const delivery = await deliveryOf(id);
    expect(delivery).toMatchObject({ state: 'pending', attempts: 0 });
    expect(delivery.nextAttemptAt).toBeLessThanOrEqual(context.clock.now());
  });

  it('stops for a webhook that is disabled, and for one that is deleted', async () => {
    const { url, messages } = await receive(500);
    const disabled = await hook(url);
    const deleted = await hook(url);
    await happen();
    start();
    await eventually(() => expect(messages).toHaveLength(2));
    await expectDelivery(disabled.id, { attempts: 1, lastStatus: 500 });
    await updateWebhook(app, caller, disabled.id, { disabled: true });
    await deleteWebhook(app, caller, deleted.id);
    skipped += 6000;
    await expectDelivery(disabled.id, { state: 'failed', attempts: 2, lastError: 'the webhook was disabled' });
    expect(messages).toHaveLength(2);
  });

  it('goes on when the database, or a secret, cannot be read', async () => {
    const { url, messages } = await receive(200);
    const { id } = await hook(url);
    await happen();
    const stop = start({ secrets: createSecretBox(randomBytes(32)) });
    const lastError = 'it could not be sent; the log of the server says why';
    await expectDelivery(id, { state: 'pending', attempts: 1, lastError });
    expect(log).toContain('another master key');
    await stop();
    await sql`ALTER TABLE webhook_deliveries RENAME TO away`.execute(database.db);
    start();
    await eventually(() => expect(log).toContain('webhooks cannot be delivered at present'));
    await sql`ALTER TABLE away RENAME TO webhook_deliveries`.execute(database.db);
    skipped += 6000;
    await expectDelivery(id, { state: 'delivered', attempts: 2 });
    expect(messages).toHaveLength(1);
  });

  it('sends a ping', async () => {
    const { url, messages } = await receive(200);
    const { id } = await hook(url, ['copy.failed']);
    start();
    const { id: delivery } = await pingWebhook(app, caller, id);
    await expectDelivery(id, { id: delivery, type: 'webhook.ping', state: 'delivered' });
    expect(JSON.parse(messages[0]?.body ?? '')).toMatchObject({ type: 'webhook.ping', actor: { kind: 'user' } });
  });
});

function waitOf({ nextAttemptAt }: Delivery): number {
  return ((nextAttemptAt ?? 0) - context.clock.now()) / 1000;
}

async function pendingCount(): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'`.execute(database.db);
  return rows[0]?.count ?? 0;
}

/** Attempts of the webhook that has had most of them. */
async function busiestWebhook(): Promise<number> {
  const { rows } = await sql<{ sum: number }>`SELECT sum(attempts) FROM webhook_deliveries d
    JOIN webhooks w ON w.id = d.webhook WHERE w.account = ${caller.accountId} GROUP BY webhook ORDER BY 1 DESC LIMIT 1`.execute(
    database.db,
  );
  return rows[0]?.sum ?? 0;
}
