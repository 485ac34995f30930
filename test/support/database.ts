/** Databases for tests, on the PostgreSQL that `test/global-setup.ts` has started. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';
import { type DatabaseAddress, type Db, openDatabase } from '../../src/db/database.ts';
import { learnSecret, watchCryptography } from './secrets/known-secrets.ts';
import { findSecretsInDatabase } from './secrets/scan-database.ts';
import { findSecretsInLogs, watchLogs } from './secrets/scan-logs.ts';

watchCryptography();
watchLogs();

export interface TestDatabase {
  readonly db: Db;
  readonly address: DatabaseAddress;
  /** A pool of its own, which `close` closes too: what another process would have. */
  open(connections: number): Db;
  /**
   * Drops the database. Throws when somebody still has a connection to it: what a test opens, it has to close; and when a secret
   * stands in plain sight in it, or in the logs of the process.
   */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Without tables. */
  readonly empty?: boolean;
  /** Of the pool; the run's PostgreSQL has 60 for all tests together. */
  readonly connections?: number;
}

let made = 0;

/** A new database: a clone of the migrated one, or an empty one. */
export async function createTestDatabase({
  empty = false,
  connections = 5,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject('postgres');
  learnSecret(server.password, 'the password of the database');
  made += 1;
  const database = `test_${process.pid}_${made}`;
  await connected(server, (client) =>
    client.query(`CREATE DATABASE ${database} TEMPLATE ${empty ? 'template0' : inject('template')}`),
  );
  const address = { ...server, database };
  const pools: Db[] = [];
  const open = (count: number) => {
    const pool = openDatabase(address, count, () => {});
    pools.push(pool);
    return pool;
  };

  return {
    db: open(connections),
    address,
    open,
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      const secrets = await connected(address, findSecretsInDatabase);
      const leaks = await connected(server, async (client) => {
        const found = await findLeaks(client, database);
        await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
        return found;
      });
      if (leaks.length > 0) throw new Error(`connections were left open:\n${leaks.join('\n')}`);
      const shown = [...secrets, ...findSecretsInLogs()];
      if (shown.length > 0) throw new Error(`secrets stand in plain sight:\n${shown.join('\n')}`);
    },
  };
}

/** Runs `work` with a connection of its own. */
async function connected<Result>(
  address: DatabaseAddress,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(address);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What is still connected a second after everything should be closed: a backend takes a moment to end. */
async function findLeaks(client: pg.Client, database: string): Promise<string[]> {
  for (const deadline = performance.now() + 1000; ; await sleep(20)) {
    const { rows } = await client.query<{ leak: string }>(
      `SELECT format('%s: %s, %s', application_name, state, query) AS leak FROM pg_stat_activity
       WHERE datname = $1 AND backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || performance.now() > deadline) return rows.map(({ leak }) => leak);
  }
}
