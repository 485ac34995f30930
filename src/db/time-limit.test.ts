import { createServer, type Socket, connect as toServer } from 'node:net';
import { sql } from 'kysely';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { countConnections, isUnavailable, openDatabase } from './database.ts';
import { createCredentials } from './tenants/credentials.ts';
import { createNonceMemory } from './tenants/nonces.ts';
import { withTimeLimit } from './time-limit.ts';

const limitMs = 300;

/** A database behind a way to it that can fall silent: what is connected then hears nothing more, what comes later does. */
async function createFarDatabase(connections: number) {
  const database = await createTestDatabase({ connections: 1 });
  const ways: Socket[] = [];
  const { host, port } = inject('postgres');
  const server = createServer((near) => {
    const far = toServer(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
    ways.push(far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = { ...database.address, host: '127.0.0.1', port: (server.address() as { port: number }).port };
  const db = openDatabase(address, connections, () => {});
  onTestFinished(async () => {
    await db.destroy();
    for (const way of ways) way.destroy();
    await new Promise((resolve) => server.close(resolve));
    await database.close();
  });
  return {
    db,
    fallSilent() {
      for (const way of ways) way.unpipe().pause();
    },
  };
}

it('fails what a silent connection does not answer, and closes it', async () => {
  const { db, fallSilent } = await createFarDatabase(1);
  const limited = withTimeLimit(db, limitMs);
  const one = () => sql`SELECT ${1}::int AS one`.execute(limited);
  expect((await one()).rows).toEqual([{ one: 1 }]);
  fallSilent();
  const error = await one().catch((reason: unknown) => reason);
  expect(isUnavailable(error), String(error)).toBe(true);
  expect(countConnections(db).total).toBe(0);
  expect((await one()).rows).toEqual([{ one: 1 }]);
});

it('fails what finds no connection in time, and leaves the connection to others', async () => {
  const { db } = await createFarDatabase(1);
  const limited = withTimeLimit(db, limitMs);
  await db.connection().execute(async (connection) => {
    await sql`SELECT 1`.execute(connection);
    await expect(sql`SELECT 1`.execute(limited)).rejects.toThrow(`not answered within ${limitMs} ms`);
  });
  expect((await sql`SELECT 1 AS one`.execute(limited)).rows).toEqual([{ one: 1 }]);
  expect(countConnections(db)).toEqual({ total: 1, idle: 1, waiting: 0 });
});

it('goes on authenticating after a connection fell silent', async () => {
  const { db, fallSilent } = await createFarDatabase(1);
  const credentials = createCredentials(db, limitMs);
  const nonces = createNonceMemory(db, limitMs);
  const remember = (nonce: string) => nonces.remember({ scope: 'test', nonce, expiresAt: 2 }, 1);
  const ask = (number: number) => [
    () => credentials.findAccessKeyHolder(`key ${number}`, 1),
    () => credentials.findTokenHolder(Buffer.from([number]), 1),
    () => credentials.findAdministeringAccount(),
  ];
  for (const asked of ask(0)) {
    await asked();
    fallSilent();
    await expect(asked()).rejects.toThrow('not answered');
    expect(await asked()).toBeUndefined();
  }
  fallSilent();
  await expect(remember('lost')).rejects.toThrow('not answered');
  expect([await remember('one'), await remember('one')]).toEqual([true, false]);
});
