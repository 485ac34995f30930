/** A limit on how long the database is waited for, for statements that everybody waits for. */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { type Db, poolOf, UnansweredError } from './database.ts';
import type { Database } from './schema.ts';

/** Of the statements that authenticate, which take some milliseconds. */
export const authenticationLimitMs = 5000;

/**
 * The database by the same pool, for short statements: one that is not answered within `limitMs` fails, as does one that finds no
 * connection in that time. Its connection, which may be silent for the quarter of an hour until the system gives it up, is closed,
 * so that nobody else is given it. Not for what may rightly take long: a migration, the deletion of many rows.
 */
export function withTimeLimit(db: Db, limitMs: number): Db {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: limited(poolOf(db), limitMs) }) });
}

function limited(pool: pg.Pool, limitMs: number): PostgresPool {
  return {
    options: {},
    async connect() {
      const connecting = pool.connect();
      try {
        return limitedClient(await within(limitMs, connecting), limitMs);
      } catch (error) {
        // One that comes too late is the next one's.
        connecting.then(
          (client) => client.release(),
          () => {},
        );
        throw error;
      }
    },
    // The pool is its maker's.
    async end() {},
  };
}

function limitedClient(client: pg.PoolClient, limitMs: number): PostgresPoolClient {
  let unanswered = false;
  const query = async (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    try {
      return await within(limitMs, client.query(text, [...values]));
    } catch (error) {
      unanswered ||= error instanceof UnansweredError;
      throw error;
    }
  };
  // Cursors are not asked for.
  return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release(unanswered) };
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new UnansweredError(limitMs)), limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
