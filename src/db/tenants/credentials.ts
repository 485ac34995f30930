/**
 * Who holds a credential, as he stands now: asked on every request, by a statement that is shared with the requests of the same
 * moment and finds nothing as soon as the credential or anything that it rests on has expired, is disabled or gone. Nothing is
 * kept between requests, so a key that is disabled is refused by every server at once.
 */
import { type RawBuilder, sql } from 'kysely';
import { isUuid } from '../../domain/ids.ts';
import type { Role } from '../../domain/principal.ts';
import type { Account, AgencyGrant, User } from '../../domain/tenants.ts';
import { batched } from '../../lib/batch.ts';
import type { Db } from '../database.ts';
import { authenticationLimitMs, withTimeLimit } from '../time-limit.ts';
import { findAccount, findAccountOfUser, findAdministeringAccount } from './accounts.ts';
import { findUserWithPassword } from './users.ts';

interface Holder {
  readonly accountId: string;
  readonly accountName: string;
  readonly accountNumber: number;
  readonly administers: boolean;
}

export interface AccessKeyHolder extends Holder {
  /** Sealed. */
  readonly secret: Buffer;
  readonly lastUsedAt: number | null;
  readonly userId: string;
  readonly userName: string;
  readonly userRole: Role;
}

/** Who may log in by a password, and what is kept of it. */
export interface PasswordHolder {
  readonly account: Account;
  readonly user: User;
  readonly password: string;
}

export interface SessionHolder extends Holder {
  readonly sessionId: string;
  /** Hash of it. */
  readonly token: Buffer;
  /** Of temporary credentials; null for a bearer token. */
  readonly accessKeyId: string | null;
  /** Sealed. */
  readonly secret: Buffer | null;
  /** The most that it may. */
  readonly role: Role;
  /** Null: the bearer of the installation's token made it. */
  readonly userId: string | null;
  readonly userName: string | null;
  readonly userRole: Role | null;
  /** The user's own account, which is another one than where it acts if there is an agency. */
  readonly homeName: string;
  readonly agency: { readonly name: string; readonly grants: readonly AgencyGrant[] } | null;
  /** What it was made for. */
  readonly projectId: string | null;
}

export interface Credentials {
  findAccessKeyHolder(id: string, now: number): Promise<AccessKeyHolder | undefined>;
  /** By the hash of a bearer token; temporary credentials are not found by it. */
  findTokenHolder(token: Buffer, now: number): Promise<SessionHolder | undefined>;
  /** By the id of temporary credentials. */
  findTemporaryKeyHolder(accessKeyId: string, now: number): Promise<SessionHolder | undefined>;
  /** `account`: id, number or name; `user`: id or name, without an account an id. Takes as long for who is not there. */
  findPasswordHolder(account: string | undefined, user: string): Promise<PasswordHolder | undefined>;
  /** The account in which the bearer of the installation's token acts. */
  findAdministeringAccount(): Promise<Account | undefined>;
}

/** `limitMs`: what a look-up waits for at most. They go one after the other, so one that hangs would hold up all that follow. */
export function createCredentials(opened: Db, limitMs = authenticationLimitMs): Credentials {
  const db = withTimeLimit(opened, limitMs);
  const findTokenHolder = lookup(
    (hashes) => {
      const tokens = hashes.map((hash) => Buffer.from(hash, 'hex'));
      return readSessions(db, sql`s.token = any(${tokens}::bytea[]) AND s.access_key IS NULL`);
    },
    ({ token }) => token.toString('hex'),
  );
  const findAdministering = batched(async (asked: readonly undefined[]) => {
    const account = await findAdministeringAccount(db);
    return asked.map(() => account);
  }, most);
  return {
    findAccessKeyHolder: lookup(
      (ids) => readAccessKeys(db, ids),
      ({ id }) => id,
    ),
    findTokenHolder: (token, now) => findTokenHolder(token.toString('hex'), now),
    findTemporaryKeyHolder: lookup(
      (ids) => readSessions(db, sql`s.access_key = any(${ids}::text[])`),
      ({ accessKeyId }) => accessKeyId,
    ),
    findPasswordHolder: (account, user) => findPasswordHolder(db, account, user),
    findAdministeringAccount: () => findAdministering(undefined),
  };
}

interface Expiring {
  /** When the first of what it rests on expires (epoch milliseconds); null: never. */
  readonly expiresAt: number | null;
}

/** Credentials that one statement looks up. */
const most = 500;

/** Finds the row of a credential by its name, together with those of others, unless it has expired at `now`. */
function lookup<Row extends Expiring>(
  read: (names: readonly string[]) => Promise<readonly Row[]>,
  nameOf: (row: Row) => string | null,
): (name: string, now: number) => Promise<Row | undefined> {
  const find = batched(async (names: readonly string[]) => {
    const rows = await read([...new Set(names)]);
    const byName = new Map(rows.map((row) => [nameOf(row), row]));
    return names.map((name) => byName.get(name));
  }, most);
  return async (name, now) => {
    const row = await find(name);
    return row === undefined || (row.expiresAt !== null && row.expiresAt <= now) ? undefined : row;
  };
}

/** The id of none. */
const nobody = '00000000-0000-0000-0000-000000000000';

async function findPasswordHolder(
  db: Db,
  accountName: string | undefined,
  userName: string,
): Promise<PasswordHolder | undefined> {
  const account =
    accountName === undefined
      ? await findAccountOfUser(db, isUuid(userName) ? userName : nobody)
      : await findAccount(db, accountName);
  const found = await findUserWithPassword(db, account?.id ?? nobody, userName);
  if (account === undefined || account.disabledAt !== null || found === undefined) return undefined;
  const { password, ...user } = found;
  return user.disabledAt !== null || password === null ? undefined : { account, user, password };
}

type AccessKeyRow = AccessKeyHolder & Expiring & { readonly id: string };

async function readAccessKeys(db: Db, ids: readonly string[]): Promise<AccessKeyRow[]> {
  const { rows } = await sql<AccessKeyRow>`
    SELECT k.id, k.secret, k.last_used_at AS "lastUsedAt", k.expires_at AS "expiresAt",
           u.id AS "userId", u.name AS "userName", u.role AS "userRole",
           a.id AS "accountId", a.name AS "accountName", a.number AS "accountNumber", a.administers
    FROM access_keys k
    JOIN users u ON u.id = k."user" AND u.disabled_at IS NULL
    JOIN accounts a ON a.id = u.account AND a.disabled_at IS NULL
    WHERE k.id = any(${ids}::text[]) AND k.disabled_at IS NULL`.execute(db);
  return rows;
}

async function readSessions(db: Db, isMeant: RawBuilder<unknown>): Promise<(SessionHolder & Expiring)[]> {
  const { rows } = await sql<SessionHolder & Expiring>`
    SELECT s.id AS "sessionId", s.token, s.access_key AS "accessKeyId", s.secret, s.role, s.project AS "projectId",
           least(s.expires_at, k.expires_at, g.expires_at) AS "expiresAt",
           u.id AS "userId", u.name AS "userName", u.role AS "userRole", home.name AS "homeName",
           a.id AS "accountId", a.name AS "accountName", a.number AS "accountNumber", a.administers,
           CASE WHEN g.id IS NOT NULL THEN jsonb_build_object('name', g.name, 'grants', coalesce((
             SELECT jsonb_agg(jsonb_build_object('projectId', t.project, 'role', t.role))
             FROM agency_grants t WHERE t.agency = g.id AND NOT t.is_global), '[]')) END AS agency
    FROM sessions s
    JOIN accounts a ON a.id = s.account AND a.disabled_at IS NULL
    LEFT JOIN users u ON u.id = s."user"
    LEFT JOIN access_keys k ON k.id = s.issued_with
    LEFT JOIN agencies g ON g.id = s.agency
    -- The installation's token belongs to the account that administers it.
    JOIN accounts home ON home.disabled_at IS NULL AND home.id = coalesce(u.account, (
      SELECT id FROM accounts WHERE administers ORDER BY created_at LIMIT 1))
    WHERE ${isMeant} AND u.disabled_at IS NULL AND k.disabled_at IS NULL
      AND CASE WHEN g.id IS NULL THEN a.id = home.id ELSE g.account = a.id AND g.trusted_account = home.id END`.execute(
    db,
  );
  return rows;
}
