/**
 * Who holds a credential, as he stands now: one statement each, asked on every request, which finds nothing as soon as the
 * credential or anything that it rests on has expired, is disabled or gone. Nothing is kept between requests, so a key that is
 * disabled is refused by every server at once.
 */
import { sql } from 'kysely';
import type { Role } from '../../domain/principal.ts';
import type { AgencyGrant } from '../../domain/tenants.ts';
import type { Db } from '../database.ts';

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
}

export async function findAccessKeyHolder(db: Db, id: string, now: number): Promise<AccessKeyHolder | undefined> {
  const { rows } = await sql<AccessKeyHolder>`
    SELECT k.secret, k.last_used_at AS "lastUsedAt", u.id AS "userId", u.name AS "userName", u.role AS "userRole",
           a.id AS "accountId", a.name AS "accountName", a.number AS "accountNumber", a.administers
    FROM access_keys k
    JOIN users u ON u.id = k."user" AND u.disabled_at IS NULL
    JOIN accounts a ON a.id = u.account AND a.disabled_at IS NULL
    WHERE k.id = ${id} AND k.disabled_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now})`.execute(db);
  return rows[0];
}

/** By the hash of a bearer token, or by the id of temporary credentials; neither is good for the other. */
export async function findSessionHolder(
  db: Db,
  by: { readonly token: Uint8Array } | { readonly accessKeyId: string },
  now: number,
): Promise<SessionHolder | undefined> {
  const isMeant =
    'token' in by ? sql`s.token = ${by.token} AND s.access_key IS NULL` : sql`s.access_key = ${by.accessKeyId}`;
  const { rows } = await sql<SessionHolder>`
    SELECT s.id AS "sessionId", s.token, s.access_key AS "accessKeyId", s.secret, s.role,
           u.id AS "userId", u.name AS "userName", u.role AS "userRole", home.name AS "homeName",
           a.id AS "accountId", a.name AS "accountName", a.number AS "accountNumber", a.administers,
           CASE WHEN g.id IS NOT NULL THEN jsonb_build_object('name', g.name, 'grants', coalesce((
             SELECT jsonb_agg(jsonb_build_object('projectId', t.project, 'role', t.role))
             FROM agency_grants t WHERE t.agency = g.id), '[]')) END AS agency
    FROM sessions s
    JOIN accounts a ON a.id = s.account AND a.disabled_at IS NULL
    LEFT JOIN users u ON u.id = s."user"
    LEFT JOIN access_keys k ON k.id = s.issued_with
    LEFT JOIN agencies g ON g.id = s.agency
    -- The installation's token belongs to the account that administers it.
    JOIN accounts home ON home.disabled_at IS NULL AND home.id = coalesce(u.account, (
      SELECT id FROM accounts WHERE administers ORDER BY created_at LIMIT 1))
    WHERE ${isMeant} AND s.expires_at > ${now} AND u.disabled_at IS NULL
      AND k.disabled_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now})
      AND CASE WHEN g.id IS NULL THEN a.id = home.id
          ELSE g.account = a.id AND g.trusted_account = home.id AND (g.expires_at IS NULL OR g.expires_at > ${now})
          END`.execute(db);
  return rows[0];
}
