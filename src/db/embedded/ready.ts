import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgresError } from './errors.ts';
import type { Server } from './server.ts';

export interface Connection {
  /** The socket's folder. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Said, because pg otherwise goes by PGSSLMODE, which is about some other server. */
  readonly ssl: false;
}

/** A minute of crash recovery is much at the default of 1 GB of write-ahead log; more than this is no start. */
const longestStart = 5 * 60_000;

/** SQLSTATE: it is starting, recovering or stopping. */
const notNow = '57P03';
/** No socket yet, or nobody behind it yet. */
const notYet: ReadonlySet<unknown> = new Set([notNow, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET']);

/** Waits until the database answers a query, and makes it if it is not there; answers with PostgreSQL's version. */
export async function waitUntilReady(server: Server, connection: Connection, signal?: AbortSignal): Promise<string> {
  const deadline = performance.now() + longestStart;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await askAndComplete(connection);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!notYet.has(code) || !server.isRunning() || performance.now() > deadline) {
        await server.stop();
        throw new EmbeddedPostgresError(
          'start-failed',
          `PostgreSQL does not start (${message}). Its last words:\n${await server.lastWords()}\n` +
            'See to what it names, or name a PostgreSQL server in DATABASE_URL',
          { cause: error },
        );
      }
    }
    await Promise.race([server.exited, sleep(20, undefined, { signal })]);
  }
}

/** By way of the database that every cluster has: to ask for one that is not there puts a FATAL into the log. */
async function askAndComplete(connection: Connection): Promise<string> {
  const client = new pg.Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 5000 });
  // A lost connection is also what the query in flight fails with; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; complete: boolean }>(
      `SELECT current_setting('server_version') AS version,
         EXISTS (SELECT FROM pg_database WHERE datname = $1) AS complete`,
      [connection.database],
    );
    if (!rows[0]?.complete) await client.query(`CREATE DATABASE ${client.escapeIdentifier(connection.database)}`);
    return rows[0]?.version ?? '';
  } finally {
    await client.end();
  }
}
