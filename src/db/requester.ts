/** Who asked for a copy, as he stands now: what he may do may have changed since. */
import { sql } from 'kysely';
import { actions } from '../domain/authorization.ts';
import { delegatedProjects } from '../domain/delegation.ts';
import { hasRole, type Principal, type Role } from '../domain/principal.ts';
import type { AgencyGrant } from '../domain/tenants.ts';
import type { Trx } from './database.ts';

interface RequesterRow {
  readonly accountName: string;
  readonly accountNumber: number;
  readonly administers: boolean;
  readonly userName: string | null;
  readonly role: Role | null;
  /** The account is the user's own. */
  readonly own: boolean;
  readonly grants: readonly (AgencyGrant & { readonly agency: string })[];
}

/**
 * The principal that acts in the account for the user, null for the bearer of the installation's token; undefined when user
 * or account are disabled or gone, or when the user can take no agency there any more.
 */
export async function findRequester(
  trx: Trx,
  accountId: string,
  userId: string | null,
  now: number,
): Promise<Principal | undefined> {
  const { rows } = await sql<RequesterRow>`
    SELECT a.name AS "accountName", a.number AS "accountNumber", a.administers, u.name AS "userName",
           u.role, u.account IS NOT DISTINCT FROM a.id AS own,
           coalesce((
             SELECT jsonb_agg(jsonb_build_object('agency', g.name, 'projectId', t.project, 'role', t.role))
             FROM agencies g JOIN agency_grants t ON t.agency = g.id AND NOT t.is_global
             WHERE g.account = a.id AND g.trusted_account = u.account AND (g.expires_at IS NULL OR g.expires_at > ${now})
           ), '[]') AS grants
    FROM accounts a
    LEFT JOIN users u ON u.id = ${userId} AND u.disabled_at IS NULL
      AND EXISTS (SELECT FROM accounts home WHERE home.id = u.account AND home.disabled_at IS NULL)
    WHERE a.id = ${accountId} AND a.disabled_at IS NULL`.execute(trx);
  const row = rows[0];
  if (row === undefined) return undefined;
  const { accountName, accountNumber, administers } = row;
  const account = {
    accountId,
    accountName,
    accountNumber,
    administers,
    accessKeyId: null,
    sessionId: null,
    projectId: null,
    temporary: false,
  };
  if (userId === null) {
    return {
      ...account,
      kind: 'installation',
      role: 'owner',
      userId,
      name: 'installation',
      agency: null,
      projects: null,
    };
  }
  if (row.userName === null || row.role === null) return undefined;
  const user = { ...account, kind: 'user', userId, name: row.userName } as const;
  if (row.own) return { ...user, role: row.role, agency: null, projects: null };
  if (!hasRole(row.role, actions['agency.assume'].least)) return undefined;
  const role = 'operator';
  const projects = delegatedProjects(row.grants, role);
  const agency = row.grants.find((grant) => hasRole(grant.role, role))?.agency;
  return projects === undefined || agency === undefined ? undefined : { ...user, role, agency, projects };
}
