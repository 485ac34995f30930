/** Nonces of signed requests: in the database, so that a restart or another server does not forget them. */
import { sql } from 'kysely';
import { batched } from '../../lib/batch.ts';
import type { Db } from '../database.ts';
import { authenticationLimitMs, withTimeLimit } from '../time-limit.ts';

export interface Nonce {
  readonly scope: string;
  readonly nonce: string;
  /** Epoch milliseconds, as are all times here. */
  readonly expiresAt: number;
}

export interface NonceMemory {
  /** Remembers the nonce until `expiresAt`; false when it is remembered already. It is durable when this resolves. */
  remember(nonce: Nonce, now: number): Promise<boolean>;
}

interface Asked extends Nonce {
  readonly now: number;
}

/** Nonces that one statement writes. */
const most = 500;

/**
 * Requests at the same moment have their nonces written with one statement, and wait for one commit, but no longer than
 * `limitMs`: batches go one after the other.
 */
export function createNonceMemory(db: Db, limitMs = authenticationLimitMs): NonceMemory {
  const limited = withTimeLimit(db, limitMs);
  const insert = batched((asked: readonly Asked[]) => insertNonces(limited, asked), most);
  return { remember: (nonce, now) => insert({ ...nonce, now }) };
}

async function insertNonces(db: Db, asked: readonly Asked[]): Promise<boolean[]> {
  // One statement cannot write a row twice: of the same nonces the first has it.
  const first = new Map<string, Asked>();
  for (const each of asked) if (!first.has(nameOf(each))) first.set(nameOf(each), each);
  // In one order, so that two servers with the same nonces wait for each other and do not stand in each other's way.
  const rows = [...first.keys()].sort().map((name) => first.get(name) as Asked);
  const { rows: written } = await sql<Pick<Nonce, 'scope' | 'nonce'>>`
    INSERT INTO nonces (scope, nonce, expires_at)
    SELECT * FROM unnest(${rows.map(({ scope }) => scope)}::text[], ${rows.map(({ nonce }) => nonce)}::text[],
                         ${rows.map(({ expiresAt }) => expiresAt)}::bigint[])
    ON CONFLICT (scope, nonce) DO UPDATE SET expires_at = excluded.expires_at
      WHERE nonces.expires_at <= ${Math.min(...rows.map(({ now }) => now))}
    RETURNING scope, nonce`.execute(db);
  const fresh = new Set(written.map((row) => first.get(nameOf(row))));
  return asked.map((each) => fresh.has(each));
}

function nameOf({ scope, nonce }: Pick<Nonce, 'scope' | 'nonce'>): string {
  return JSON.stringify([scope, nonce]);
}
