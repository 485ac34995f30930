import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { until } from '../../test/support/installation.ts';
import { inTransaction } from './database.ts';
import { listen, notify } from './notifications.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

function send(payload: string): Promise<void> {
  return inTransaction(database.db, (trx) => notify(trx, 'mimeo_test', payload));
}

/** A door to the database that can be shut: then whoever comes is sent away, and so are those inside. */
async function openDoor() {
  const { host, port } = inject('postgres');
  const inside = new Set<Socket>();
  const door = { open: true, knocks: 0, address: {}, shut: () => {} };
  const server = createServer((client) => {
    door.knocks += 1;
    if (!door.open) return void client.destroy();
    const upstream = connect(`${host}/.s.PGSQL.${port}`);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => {}).on('close', () => other.destroy());
      socket.pipe(other);
    }
    inside.add(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  door.address = { ...database.address, host: '127.0.0.1', port: (server.address() as { port: number }).port };
  door.shut = () => {
    door.open = false;
    for (const socket of inside) socket.destroy();
  };
  return door;
}

async function listeners(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'mimeo listener'`.execute(database.db);
  return rows[0]?.count ?? 0;
}

it('hears what is sent once its transaction commits, and not what is rolled back', async () => {
  const heard: string[] = [];
  const listener = await listen(
    database.address,
    'mimeo_test',
    (payload) => heard.push(payload),
    (error) => expect.unreachable(error.message),
  );
  onTestFinished(() => listener.close());
  await inTransaction(database.db, async (trx) => {
    await notify(trx, 'mimeo_test', 'undone');
    throw new Error('rolled back');
  }).catch(() => {});
  await inTransaction(database.db, async (trx) => {
    await notify(trx, 'mimeo_test', 'done');
    await sleep(50);
    expect(heard).toEqual([]);
  });
  await until(() => heard.length > 0);
  expect(heard).toEqual(['done']);
});

it('connects again, once a second and not in ever more loops, and then hears again', async () => {
  const door = await openDoor();
  const heard: string[] = [];
  const errors: Error[] = [];
  const listener = await listen(
    door.address as never,
    'mimeo_test',
    (payload) => heard.push(payload),
    (error) => errors.push(error),
  );
  onTestFinished(() => listener.close());
  expect(door.knocks).toBe(1);
  door.shut();
  await sleep(3500);
  expect(door.knocks).toBeGreaterThan(2);
  expect(door.knocks).toBeLessThan(6);
  expect(errors.length).toBeGreaterThan(0);
  door.open = true;
  await until(async () => {
    await send('again');
    return heard.length > 0;
  });
  await sleep(1200);
  expect(await listeners()).toBe(1);
  const before = heard.length;
  await send('once');
  await until(() => heard.length > before);
  expect(heard.slice(before)).toEqual(['once']);
});

it('does not go on trying when it never connected', async () => {
  const door = await openDoor();
  door.shut();
  await expect(
    listen(
      door.address as never,
      'mimeo_test',
      () => {},
      () => {},
    ),
  ).rejects.toThrow(/Connection terminated|ECONNRESET/);
  await sleep(1500);
  expect(door.knocks).toBe(1);
});

it('stays closed, also when it was closed while it connected again', async () => {
  const door = await openDoor();
  const listener = await listen(
    door.address as never,
    'mimeo_test',
    () => {},
    () => {},
  );
  door.shut();
  await until(async () => (await listeners()) === 0);
  door.open = true;
  await listener.close();
  await sleep(1500);
  expect(await listeners()).toBe(0);
});
