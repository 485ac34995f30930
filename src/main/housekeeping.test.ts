import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { createMemoryKeyProvider } from '../../test/support/memory-key-provider.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { AppContext } from '../app/context.ts';
import { createOpenedKeys } from '../app/keys/opened-keys.ts';
import { recordEvent } from '../db/events.ts';
import { ensureRegions } from '../db/regions.ts';
import { service } from '../domain/event.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startHousekeeping } from './housekeeping.ts';

it('does every other chore when a store is away', async () => {
  const { db, close } = await createTestDatabase();
  const { accountId } = await createTenant(db);
  const now = Date.now();
  const resource = { type: 'image', id: 'x' };
  const event = { accountId, outcome: 'succeeded', actor: service, resource, region: null, origin: null, details: {} };
  await recordEvent(db, { ...event, type: 'image.queued' }, now - 2000);
  await db
    .insertInto('nonces')
    .values({ scope: 'key', nonce: 'x', expires_at: now - 1 })
    .execute();
  const key = {
    id: randomUUID(),
    account: accountId,
    region: (await ensureRegions(db, ['north'])).get('north') as number,
  };
  const doomed = { state: 'pending-deletion', deletion_at: now - 1, origin: 'mimeo', is_default: false } as const;
  await db
    .insertInto('keys')
    .values({ ...key, ...doomed, description: '', version: 1, created_at: 1 })
    .execute();
  const keyProvider = createMemoryKeyProvider();
  const collected: string[] = [];
  let log = '';
  const context = {
    db,
    clock: { now: () => now },
    logger: createLogger('error', { write: (line) => (log += line) }),
    regionNumbers: new Map([
      ['north', 1],
      ['south', 2],
    ]),
    dataPlane: {
      async collect(region: string) {
        if (region === 'north') throw new Error('the store is away');
        collected.push(region);
      },
    },
    keyProvider,
    openedKeys: createOpenedKeys(),
    // The rest of a server is not kept house for.
  } as unknown as AppContext;

  const housekeeping = startHousekeeping(context, { keepEventsMs: 1000 });
  try {
    await vi.waitFor(async () =>
      expect(await db.selectFrom('events').select('type').execute()).toEqual([{ type: 'key.deleted' }]),
    );
  } finally {
    await housekeeping.stop();
  }
  expect(collected).toEqual(['south']);
  expect(keyProvider.calls.destroyKey).toBe(1);
  expect(await db.selectFrom('nonces').selectAll().execute()).toEqual([]);
  expect(JSON.parse(log)).toMatchObject({ chore: 'collect in north', error: { message: 'the store is away' } });
  await close();
});
