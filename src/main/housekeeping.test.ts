import { expect, it, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { createTenant } from '../../test/support/tenants.ts';
import type { AppContext } from '../app/context.ts';
import { recordEvent } from '../db/events.ts';
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
    // The rest of a server is not kept house for.
  } as unknown as AppContext;

  const housekeeping = startHousekeeping(context, { keepEventsMs: 1000 });
  try {
    await vi.waitFor(async () => expect(await db.selectFrom('events').select('id').execute()).toEqual([]));
  } finally {
    await housekeeping.stop();
  }
  expect(collected).toEqual(['south']);
  expect(await db.selectFrom('nonces').selectAll().execute()).toEqual([]);
  expect(JSON.parse(log)).toMatchObject({ chore: 'collect in north', error: { message: 'the store is away' } });
  await close();
});
