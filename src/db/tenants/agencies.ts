/** The rows of agencies and what they grant. */
import { sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { delegatedProjects } from '../../domain/delegation.ts';
import { isUuid } from '../../domain/ids.ts';
import type { Agency, AgencyGrant } from '../../domain/tenants.ts';
import { breaksConstraint, type Db, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectAgencies(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('agencies')
    .select([
      'id',
      'account as accountId',
      'name',
      'description',
      'trusted_account as trustedAccountId',
      'created_at as createdAt',
      'expires_at as expiresAt',
    ])
    .select(({ selectFrom }) =>
      jsonArrayFrom(
        selectFrom('agency_grants')
          .select(['project as projectId', 'role', 'title', 'is_global as isGlobal'])
          .whereRef('agency', '=', 'agencies.id')
          .orderBy('project')
          .orderBy('role')
          .orderBy('title')
          .orderBy('is_global'),
      ).as('grants'),
    )
    .where('account', '=', accountId);
}

/** The account's agency of this id or name. */
export async function findAgency(db: Db | Trx, accountId: string, idOrName: string): Promise<Agency | undefined> {
  return await selectAgencies(db, accountId)
    .where(isUuid(idOrName) ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
}

/**
 * As {@link findAgency}, with the row locked until the transaction ends. One that waited for another sees the row as that left it,
 * but its grants as they were when the statement began; so they are read by a second one.
 */
export async function lockAgency(trx: Trx, accountId: string, idOrName: string): Promise<Agency | undefined> {
  const locked = await trx
    .selectFrom('agencies')
    .select('id')
    .where('account', '=', accountId)
    .where(isUuid(idOrName) ? 'id' : 'name', '=', idOrName)
    .forUpdate()
    .executeTakeFirst();
  return locked && (await findAgency(trx, accountId, locked.id));
}

/** By name, which is unique. */
export async function listAgencies(db: Db, accountId: string, { after, limit }: PageRequest): Promise<Agency[]> {
  let query = selectAgencies(db, accountId);
  if (after !== undefined) query = query.where('name', '>', String(after.value));
  return await query.orderBy('name').limit(limit).execute();
}

/**
 * What the account's agency that trusts the image service says of a project at `now`; undefined when it has none of this id or
 * name. An agency that trusts an account is none of the service's, whoever names it.
 */
export async function agencyPermits(
  trx: Trx,
  accountId: string,
  idOrName: string,
  projectId: string,
  now: number,
): Promise<{ agency: string; permitted: boolean } | undefined> {
  const agency = await findAgency(trx, accountId, idOrName);
  if (agency === undefined || agency.trustedAccountId !== null) return undefined;
  const projects = delegatedProjects(agency.grants, 'operator');
  const granted = projects === null || (projects?.includes(projectId) ?? false);
  return { agency: agency.name, permitted: granted && (agency.expiresAt === null || agency.expiresAt > now) };
}

function valuesOf({ name, description, trustedAccountId, expiresAt }: Agency) {
  return { name, description, trusted_account: trustedAccountId, expires_at: expiresAt };
}

/** Those that are there already stay once. */
export async function insertGrants(trx: Trx, id: string, grants: readonly AgencyGrant[]): Promise<void> {
  if (grants.length === 0) return;
  const rows = grants.map(({ projectId, role, title = '', isGlobal = false }) => {
    return { agency: id, project: projectId, role, title, is_global: isGlobal };
  });
  await trx
    .insertInto('agency_grants')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** False when the account has an agency of this name. */
export async function insertAgency(trx: Trx, agency: Agency): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('agencies')
    .values({ id: agency.id, account: agency.accountId, created_at: agency.createdAt, ...valuesOf(agency) })
    .onConflict((conflict) => conflict.columns(['account', 'name']).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) return false;
  await insertGrants(trx, agency.id, agency.grants);
  return true;
}

/** Makes the row and its grants what `agency` says. False when another agency of the account has the name. */
export async function updateAgency(trx: Trx, agency: Agency): Promise<boolean> {
  try {
    await trx.updateTable('agencies').set(valuesOf(agency)).where('id', '=', agency.id).execute();
  } catch (error) {
    if (breaksConstraint(error, 'agencies_account_name_key')) return false;
    throw error;
  }
  await sql`DELETE FROM agency_grants WHERE agency = ${agency.id}`.execute(trx);
  await insertGrants(trx, agency.id, agency.grants);
  return true;
}

/** What a dialect knows a grant by: its title says the role. */
export type GrantName = Required<Omit<AgencyGrant, 'role'>>;

export async function deleteGrant(trx: Trx, id: string, { projectId, title, isGlobal }: GrantName): Promise<void> {
  await trx
    .deleteFrom('agency_grants')
    .where('agency', '=', id)
    .where('project', 'is not distinct from', projectId)
    .where('title', '=', title)
    .where('is_global', '=', isGlobal)
    .execute();
}

/** Deletes the agency with the sessions that act by it. */
export async function deleteAgency(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('agencies').where('id', '=', id).execute();
}
