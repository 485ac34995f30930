import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createTenant } from '../../test/support/tenants.ts';
import { recordEvent } from '../db/events.ts';
import { claimDelivery, settleDelivery } from '../db/webhook-deliveries.ts';
import { service } from '../domain/event.ts';
import { webhookPlace } from '../domain/webhook.ts';
import { createEgress } from '../egress/egress.ts';
import { createSecretBox } from '../lib/secret-box.ts';
import type { AppContext, Caller } from './context.ts';
import { forgetOldEvents } from './forget-old-events.ts';
import { type ListEventsQuery, listEvents } from './list-events.ts';
import { listDeliveries, pingWebhook, redeliver } from './webhook-deliveries.ts';
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  updateWebhook,
  type WebhookCommand,
} from './webhooks.ts';

let database: TestDatabase;
let context: AppContext;
let caller: Caller;
let now = 1_800_000_000_000;
const never = new AbortController().signal;

beforeAll(async () => {
  database = await createTestDatabase();
  context = {
    db: database.db,
    clock: { now: () => now },
    random: randomBytes,
    secrets: createSecretBox(randomBytes(32)),
    egress: createEgress({ allowPrivate: false }),
    // The rest of a server has nothing to do with webhooks.
  } as unknown as AppContext;
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.deleteFrom('webhooks').execute();
  caller = await createTenant(database.db);
  now += 1000;
});

const plain: WebhookCommand = { url: 'https://hooks.example.com/T0PSECRET', types: ['image.*'], description: 'chat' };

function create(changes: Partial<WebhookCommand> = {}) {
  return createWebhook(context, caller, { ...plain, ...changes });
}

async function happen(type: string, who: Caller = caller, id = 'thing'): Promise<void> {
  const { accountId, origin } = who;
  const resource = { type: type.split('.')[0] ?? '', id };
  const event = { accountId, type, outcome: 'succeeded', actor: service, resource, region: null, origin, details: {} };
  await recordEvent(database.db, event, now);
}

/** The types that would be sent to the webhook, newest first. */
async function sentTo(webhook: string): Promise<string[]> {
  const { deliveries } = await listDeliveries(context, caller, webhook, { limit: 100 });
  return deliveries.map(({ type }) => type);
}

function events(query: Partial<ListEventsQuery> = {}, who = caller) {
  return listEvents(context, who, { limit: 100, ...query });
}

async function eventTypes(query: Partial<ListEventsQuery> = {}, who = caller): Promise<string[]> {
  return (await events(query, who)).events.map(({ type }) => type);
}

const refused = (code: string, facts: object = {}) =>
  expect.objectContaining({ name: 'RefusalError', code, facts: expect.objectContaining(facts) });

describe('createWebhook', () => {
  it('tells the secret once, and keeps it sealed', async () => {
    const { secret, ...webhook } = await create();
    expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(24);
    expect(webhook).toEqual({
      ...plain,
      id: expect.any(String),
      accountId: caller.accountId,
      createdAt: now,
      disabledAt: null,
    });
    expect(await findWebhook(context, caller, webhook.id)).toEqual(webhook);
    expect(await listWebhooks(context, caller)).toEqual([webhook]);
    const { rows } = await sql<{ secret: Buffer; row: string }>`SELECT secret, w::text AS row FROM webhooks w
      WHERE id = ${webhook.id}`.execute(database.db);
    const [row] = rows;
    expect(context.secrets.open(row?.secret ?? Buffer.of(), webhookPlace(webhook.id))).toBe(secret);
    expect(row?.secret.includes(secret) || row?.row.includes(Buffer.from(secret).toString('hex'))).toBe(false);
    const { rows: written } = await sql<{ row: string }>`SELECT e::text AS row FROM events e
      WHERE resource_id = ${webhook.id}`.execute(database.db);
    expect(written).toHaveLength(1);
    expect(written[0]?.row).not.toMatch(/T0PSECRET|whsec_/);
  });

  it.each([
    ['http://127.0.0.1:9/', 'private'],
    ['http://[::1]/', 'private'],
    ['http://169.254.169.254/latest', 'private'],
    ['http://2130706433/', 'must be written'],
    ['ftp://example.com/', 'must be an http'],
    ['https://user:password@example.com/', 'credentials'],
  ])('refuses %s', async (url, reason) => {
    await expect(create({ url })).rejects.toEqual(
      refused('webhook.address', { url, reason: expect.stringContaining(reason) }),
    );
  });

  it.each([[[]], [['image.availible']], [['image']], [['*.*']], [['image.*', 'nothing.*']], [Array(51).fill('*')]])(
    'refuses the types %j',
    async (types) => {
      await expect(create({ types })).rejects.toEqual(refused('request.invalid', { field: 'types' }));
    },
  );

  it('refuses a description that is too long, and whoever is no owner or is let into a project only', async () => {
    const description = 'x'.repeat(1025);
    await expect(create({ description })).rejects.toEqual(refused('request.invalid', { field: 'description' }));
    const forbidden = refused('forbidden', { action: 'webhook.manage' });
    await expect(createWebhook(context, { ...caller, role: 'operator' }, plain)).rejects.toEqual(forbidden);
    await expect(
      createWebhook(context, { ...caller, agency: 'auditors', projects: [randomUUID()] }, plain),
    ).rejects.toEqual(forbidden);
    await expect(listWebhooks(context, { ...caller, agency: 'auditors', projects: [randomUUID()] })).rejects.toEqual(
      refused('forbidden', { action: 'webhook.read' }),
    );
  });

  it('makes 20 of an account at most, however many are asked for at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, () => create()));
    const no = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(no).toEqual(Array(5).fill(refused('webhook.limit', { limit: 20 })));
    expect(await listWebhooks(context, caller)).toHaveLength(20);
    caller = await createTenant(database.db);
    await create();
  });
});

describe('a webhook', () => {
  it('is sent what it asked for from then on, of its own account', async () => {
    const images = await create();
    const one = await create({ types: ['copy.succeeded'] });
    const all = await create({ types: ['*'] });
    await happen('image.available');
    await happen('copy.succeeded');
    await happen('copy.failed');
    await happen('image.available', await createTenant(database.db));
    expect(await sentTo(images.id)).toEqual(['image.available']);
    expect(await sentTo(one.id)).toEqual(['copy.succeeded']);
    // Its own creation as well: it is there when that is written down.
    expect(await sentTo(all.id)).toEqual(['copy.failed', 'copy.succeeded', 'image.available', 'webhook.create']);
  });

  it('is changed as far as is asked', async () => {
    const { secret: _, ...webhook } = await create();
    const update = { url: 'http://93.184.215.14/new', types: ['*'], description: '' };
    expect(await updateWebhook(context, caller, webhook.id, update)).toEqual({ ...webhook, ...update });
    expect(await updateWebhook(context, caller, webhook.id, { types: undefined, disabled: true })).toEqual({
      ...webhook,
      ...update,
      disabledAt: now,
    });
    await happen('image.available');
    expect(await sentTo(webhook.id)).not.toContain('image.available');
    await updateWebhook(context, caller, webhook.id, { disabled: false });
    await happen('image.failed');
    expect((await sentTo(webhook.id))[0]).toBe('image.failed');
    await expect(updateWebhook(context, caller, webhook.id, { url: 'http://10.0.0.1' })).rejects.toEqual(
      refused('webhook.address'),
    );
    await expect(updateWebhook(context, caller, webhook.id, { types: ['?'] })).rejects.toEqual(
      refused('request.invalid'),
    );
    const [latest] = (await events({ type: 'webhook.update', outcome: 'succeeded' })).events;
    expect(latest).toMatchObject({ details: { changed: ['disabled'] }, resource: { id: webhook.id } });
  });

  it('is gone with its deliveries', async () => {
    const { id } = await create();
    await happen('image.available');
    await deleteWebhook(context, caller, id);
    await expect(findWebhook(context, caller, id)).rejects.toEqual(refused('webhook.not-found', { webhook: id }));
    const { rows } = await sql`SELECT FROM webhook_deliveries WHERE webhook = ${id}`.execute(database.db);
    expect(rows).toEqual([]);
  });

  it('does not exist for another account, nor under a name that is no id', async () => {
    const { id } = await create();
    await happen('image.available');
    const [delivery] = (await listDeliveries(context, caller, id, { limit: 1 })).deliveries;
    const other = await createTenant(database.db);
    const uses: ((webhook: string) => Promise<unknown>)[] = [
      (webhook) => findWebhook(context, other, webhook),
      (webhook) => updateWebhook(context, other, webhook, {}),
      (webhook) => deleteWebhook(context, other, webhook),
      (webhook) => pingWebhook(context, other, webhook),
      (webhook) => listDeliveries(context, other, webhook, { limit: 1 }),
      (webhook) => redeliver(context, other, webhook, delivery?.id ?? ''),
    ];
    for (const use of uses) {
      for (const webhook of [id, 'no-id', randomUUID()]) {
        await expect(use(webhook)).rejects.toEqual(refused('webhook.not-found', { webhook }));
      }
    }
    const { id: own } = await createWebhook(context, other, plain);
    for (const wrong of [delivery?.id ?? '', 'no-id']) {
      await expect(redeliver(context, other, own, wrong)).rejects.toEqual(
        refused('delivery.not-found', { delivery: wrong }),
      );
    }
  });
});

describe('pingWebhook', () => {
  it('sends an event that no other webhook hears of, and that is its own record', async () => {
    const { id } = await create();
    const all = await create({ types: ['*'] });
    const delivery = await pingWebhook(context, caller, id);
    expect(delivery).toEqual({
      id: expect.any(String),
      webhookId: id,
      eventId: expect.any(Number),
      type: 'webhook.ping',
      state: 'pending',
      attempts: 0,
      nextAttemptAt: now,
      lastStatus: null,
      lastError: null,
      finishedAt: null,
    });
    expect(await sentTo(id)).toEqual(['webhook.ping']);
    expect(await sentTo(all.id)).toEqual(['webhook.create']);
    const [event] = (await events()).events;
    expect(event).toMatchObject({
      id: delivery.eventId,
      type: 'webhook.ping',
      actor: { kind: 'user', userId: caller.userId },
      resource: { type: 'webhook', id },
      origin: caller.origin,
    });
  });

  it('refuses a disabled webhook and whoever is no owner, and writes that down', async () => {
    const { id } = await create();
    await updateWebhook(context, caller, id, { disabled: true });
    await expect(pingWebhook(context, caller, id)).rejects.toEqual(refused('webhook.disabled', { webhook: id }));
    await expect(pingWebhook(context, { ...caller, role: 'viewer' }, id)).rejects.toEqual(refused('forbidden'));
    const pings = (await events({ type: 'webhook.ping', resource: id })).events;
    expect(pings.map(({ outcome }) => outcome)).toEqual(['forbidden', 'webhook.disabled']);
  });
});

describe('redeliver', () => {
  it('makes a delivery due again, with all its attempts', async () => {
    const { id } = await create();
    const { id: delivery } = await pingWebhook(context, caller, id);
    const claim = await claimDelivery(database.db, { now, leaseUntil: now + 30_000, busyAccounts: [] });
    if (claim?.delivery !== delivery) throw new Error('another delivery was due');
    // In the middle of an attempt it is not made due: there would be two at once.
    expect(await redeliver(context, caller, id, delivery)).toMatchObject({ attempts: 1, nextAttemptAt: now + 30_000 });
    await settleDelivery(database.db, claim, {
      status: 500,
      error: 'it answered with status 500',
      outcome: { state: 'pending', nextAttemptAt: now + 3_600_000 },
    });
    expect(await redeliver(context, caller, id, delivery)).toMatchObject({
      state: 'pending',
      attempts: 0,
      nextAttemptAt: now,
      lastStatus: 500,
    });
    await updateWebhook(context, caller, id, { disabled: true });
    await expect(redeliver(context, caller, id, delivery)).rejects.toEqual(refused('webhook.disabled'));
  });
});

describe('listDeliveries', () => {
  it('goes page by page, newest first', async () => {
    const { id } = await create();
    for (const type of ['image.queued', 'image.uploading', 'image.available']) await happen(type);
    const first = await listDeliveries(context, caller, id, { limit: 2 });
    expect(first.deliveries.map(({ type }) => type)).toEqual(['image.available', 'image.uploading']);
    const second = await listDeliveries(context, caller, id, { limit: 2, before: first.next ?? 0 });
    expect(second).toEqual({ deliveries: [expect.objectContaining({ type: 'image.queued' })], next: null });
  });
});

describe('listEvents', () => {
  it('shows the account’s own, newest first and page by page', async () => {
    for (const type of ['image.queued', 'image.uploading', 'image.available']) await happen(type);
    const other = await createTenant(database.db);
    await happen('image.failed', other);
    expect(await eventTypes()).toEqual(['image.available', 'image.uploading', 'image.queued']);
    const first = await events({ limit: 2 });
    expect(first.events.map(({ type }) => type)).toEqual(['image.available', 'image.uploading']);
    const second = await events({ limit: 2, before: first.next ?? 0 });
    expect(second).toEqual({ events: [expect.objectContaining({ type: 'image.queued' })], next: null });
    expect(await eventTypes({}, other)).toEqual(['image.failed']);
  });

  it('filters by everything that the API offers', async () => {
    await happen('image.queued', caller, 'one');
    const since = now;
    now += 10;
    await happen('copy.queued', caller, 'two');
    await create({ types: ['?'] }).catch(() => {});
    const { userId } = caller;
    expect(await eventTypes({ type: 'image.queued' })).toEqual(['image.queued']);
    expect(await eventTypes({ type: 'copy.*' })).toEqual(['copy.queued']);
    expect(await eventTypes({ type: '*' })).toHaveLength(3);
    expect(await eventTypes({ resource: 'two' })).toEqual(['copy.queued']);
    expect(await eventTypes({ outcome: 'request.invalid' })).toEqual(['webhook.create']);
    expect(await eventTypes({ actor: userId ?? '' })).toEqual(['webhook.create']);
    expect(await eventTypes({ until: since + 1 })).toEqual(['image.queued']);
    expect(await eventTypes({ since: since + 1, type: 'copy.queued' })).toEqual(['copy.queued']);
  });

  it('goes on from an event for one who follows, oldest first', async () => {
    await happen('image.queued');
    const [last] = (await events()).events;
    await happen('image.uploading');
    await happen('image.available');
    // Other tests' transactions, in the same PostgreSQL, hold it up as well.
    await vi.waitFor(async () => expect(await eventTypes({ after: last?.id ?? 0 })).toHaveLength(2));
    const page = await events({ after: last?.id ?? 0, limit: 1 });
    expect(page).toEqual({ events: [expect.objectContaining({ type: 'image.uploading' })], next: null });
    expect(await eventTypes({ after: page.events[0]?.id ?? 0 })).toEqual(['image.available']);
    // An id that was given and not committed yet may still turn up: nothing beyond it is shown.
    await database.db.transaction().execute(async (trx) => {
      await sql`SELECT pg_current_xact_id()`.execute(trx);
      await happen('image.failed');
      expect(await eventTypes({ after: last?.id ?? 0 })).toEqual(['image.uploading', 'image.available']);
    });
    await vi.waitFor(async () => expect(await eventTypes({ after: last?.id ?? 0 })).toContain('image.failed'));
  });

  it('refuses what cannot be meant', async () => {
    for (const [query, field] of [
      [{ type: 'image.availible' }, 'type'],
      [{ actor: 'somebody' }, 'actor'],
      [{ after: 1, before: 2 }, 'after'],
    ] as const) {
      await expect(events(query)).rejects.toEqual(refused('request.invalid', { field }));
    }
  });

  it('is not for whoever is let into some projects only, since it shows those of all', async () => {
    const agent = { ...caller, agency: 'auditors', projects: [randomUUID()] };
    await expect(events({}, agent)).rejects.toEqual(refused('forbidden', { action: 'event.read' }));
  });
});

describe('forgetOldEvents', () => {
  it('deletes what is older, with its deliveries, and nothing else', async () => {
    const { id } = await create();
    await happen('image.queued');
    now += 86_400_000;
    await happen('image.available');
    await forgetOldEvents(context, 3_600_000, never);
    expect(await eventTypes()).toEqual(['image.available']);
    expect(await sentTo(id)).toEqual(['image.available']);
    expect(await forgetOldEvents(context, 3_600_000, never)).toBe(0);
  });
});
