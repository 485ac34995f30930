/** The pool, and how a transaction is run. */
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { FailureError } from '../domain/failure.ts';
import { retry } from '../lib/retry.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { changedTable, PreparingClient } from './preparing-client.ts';
import type { Database } from './schema.ts';

/** How to reach a PostgreSQL: an address of one's own, or the embedded server's socket. */
export type DatabaseAddress =
  | { readonly connectionString: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

export type Db = Kysely<Database>;
export type Trx = Transaction<Database>;

/** bigint columns hold bytes and epoch milliseconds, all below 2^53. */
const int8 = 20;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')),
};

/**
 * A pool of at most `connections`; connects when it is first used. `onError` hears of connections that are lost. Without
 * `prepare` each statement is planned anew, as a pooler needs that does not know prepared ones.
 */
export function openDatabase(
  address: DatabaseAddress,
  connections: number,
  onError: (error: Error) => void,
  { prepare = true }: { readonly prepare?: boolean } = {},
): Db {
  const Client = prepare ? PreparingClient : pg.Client;
  const pool = new pg.Pool({ ...address, max: connections, types, application_name: 'mimeo', Client });
  // One that is lost between two statements of a transaction would, unheard, end the process.
  pool.on('connect', (client) => client.on('error', onError));
  // Of an idle one the pool speaks once more.
  pool.on('error', () => {});
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  const destroy = db.destroy.bind(db);
  db.destroy = async () => {
    await destroy();
    // Kysely leaves a pool alone that only others have used (time-limit.ts).
    if (!pool.ending) await pool.end();
  };
  return db;
}

const pools = new WeakMap<Db, pg.Pool>();

/** The pool that {@link openDatabase} made for it. */
export function poolOf(db: Db): pg.Pool {
  const pool = pools.get(db);
  if (pool === undefined) throw new Error('the database was not opened by openDatabase');
  return pool;
}

export interface PoolCounts {
  readonly total: number;
  readonly idle: number;
  /** Who waits for a connection. */
  readonly waiting: number;
}

/** How the connections of a pool that {@link openDatabase} made are used at the moment. */
export function countConnections(db: Db): PoolCounts {
  const pool = pools.get(db);
  return { total: pool?.totalCount ?? 0, idle: pool?.idleCount ?? 0, waiting: pool?.waitingCount ?? 0 };
}

/** The SQLSTATE of a database error, undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True when `error` says that a row breaks the named constraint. */
export function breaksConstraint(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.constraint === constraint;
}

/** PostgreSQL, or the way to it, has been silent for too long (time-limit.ts). */
export class UnansweredError extends Error {
  constructor(limitMs: number) {
    super(`PostgreSQL has not answered within ${limitMs} ms`);
    this.name = 'UnansweredError';
  }
}

/** The server stops, has fallen, starts, or has no connection left; class 08 is all that can happen to one. */
const unavailable = /^(08...|57P0[123]|53300)$/;
const lostConnection: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** pg's own errors have no code. */
const lostMessage = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** True when the database could not be reached, which may go away by itself. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof UnansweredError) return true;
  if (error instanceof pg.DatabaseError) return unavailable.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // Of the embedded server's socket, not of a file.
  const isGone = code === 'ENOENT' && syscall === 'connect';
  return isGone || lostConnection.has(code) || lostMessage.test(error.message);
}

/** The failure that an error of the database amounts to, if it may go away by itself. */
export function databaseFailure(error: unknown): FailureError | undefined {
  if (!isUnavailable(error)) return undefined;
  return new FailureError('database-unavailable', 'the database does not answer', { cause: error });
}

/**
 * Serialisation failure and deadlock: PostgreSQL rolled one of two transactions back, and asks for another try. So does a
 * prepared statement whose table has changed (preparing-client.ts), which is planned anew from then on.
 */
const conflictStates = new Set(['40001', '40P01', changedTable]);

/** Runs `work` in a transaction, again when it met another one; `work` must touch nothing but the database. */
export function inTransaction<Result>(
  db: Db,
  work: (trx: Trx) => Promise<Result>,
  alsoRetryable: (error: unknown) => boolean = () => false,
): Promise<Result> {
  const attempt = () =>
    withSpan('database.transaction', {}, () => db.transaction().execute(work), { onlyInside: true });
  return retry(attempt, {
    attempts: 5,
    firstDelay: 10,
    isRetryable: (error) => conflictStates.has(sqlState(error) ?? '') || alsoRetryable(error),
  });
}

/** Whoever locks the same name waits until the transaction ends. */
export async function lockName(trx: Trx, name: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx);
}

/** PostgreSQL's version, such as 18.4. */
export async function serverVersion(db: Db): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`SHOW server_version`.execute(db);
  return rows[0]?.server_version.split(' ', 1)[0] ?? 'unknown';
}
