/** Agencies: named delegations, of an account's projects to another account's users or to the image service. */
import type { Db, Trx } from '../../db/database.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import { findAccountNames } from '../../db/tenants/accounts.ts';
import {
  deleteAgency as deleteAgencyRow,
  deleteGrant,
  findAgency as findAgencyRow,
  type GrantName,
  insertAgency,
  insertGrants,
  listAgencies as listAgencyRows,
  lockAgency,
  updateAgency as updateAgencyRow,
} from '../../db/tenants/agencies.ts';
import { findProject } from '../../db/tenants/projects.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { newUuid } from '../../domain/ids.ts';
import type { Role } from '../../domain/principal.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkGrantTitle, checkTenantDescription, checkTenantName } from '../../domain/tenant-rules.ts';
import type { Agency, AgencyGrant } from '../../domain/tenants.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { type Done, makeOnce } from '../once.ts';
import { requireAccount } from './require-account.ts';

export interface AgencyPage {
  readonly agencies: readonly Agency[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

export async function listAgencies(context: AppContext, caller: Caller, query: PageRequest): Promise<AgencyPage> {
  demand(caller, 'agency.read');
  const rows = await listAgencyRows(context.db, caller.accountId, { ...query, limit: query.limit + 1 });
  const { page, next } = toPage(rows, query.limit, ({ name, id }) => ({ value: name, id }));
  return { agencies: page, next };
}

/** `agency`: id or name. */
export async function findAgency(context: AppContext, caller: Caller, agency: string): Promise<Agency> {
  demand(caller, 'agency.read');
  return await requireAgency(context.db, caller.accountId, agency);
}

/** Names of the accounts that the agencies trust, by their ids: whoever sees an agency may know whom it lets in. */
export async function nameTrusted(
  { db }: Pick<AppContext, 'db'>,
  agencies: readonly Agency[],
): Promise<ReadonlyMap<string, string>> {
  const ids = agencies.flatMap(({ trustedAccountId }) => trustedAccountId ?? []);
  return await findAccountNames(db, [...new Set(ids)]);
}

async function requireAgency(db: Db | Trx, accountId: string, agency: string): Promise<Agency> {
  const found = await findAgencyRow(db, accountId, agency);
  if (found === undefined) throw new RefusalError('agency.not-found', { agency });
  return found;
}

export interface GrantRequest {
  /** Id or name; none: every project of the account. */
  readonly project?: string | null | undefined;
  readonly role: Role;
  /** What a dialect calls it; '' by default. */
  readonly title?: string | undefined;
  /** Of services that lie in no region, and so of no project: it is kept, and grants nothing. */
  readonly isGlobal?: boolean | undefined;
}

/** What an agency is made of; in a change, what is left out stays. */
interface AgencyFields {
  readonly name: string;
  readonly description: string;
  /** Id, number or name; null: the image service. */
  readonly trustedAccount: string | null;
  readonly grants: readonly GrantRequest[];
  /** Epoch milliseconds; null: it does not end. */
  readonly expiresAt: number | null;
}
export type CreateAgencyCommand = AgencyFields;
export type AgencyChanges = { readonly [Field in keyof AgencyFields]?: AgencyFields[Field] | undefined };

const maxGrants = 100;

export async function createAgency(
  context: AppContext,
  caller: Caller,
  command: CreateAgencyCommand,
  token?: string,
): Promise<Done<Agency>> {
  const { random, clock } = context;
  const id = newUuid(random);
  const deed: Deed = { action: 'agency.manage', type: 'agency.create', resource: { type: 'agency', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const { accountId } = caller;
    const make = async () => {
      const blank = { id, accountId, name: '', description: '', trustedAccountId: null, grants: [], expiresAt: null };
      const agency = await apply(trx, { ...blank, createdAt: clock.now() }, command, clock.now());
      done.details = detailsOf(agency);
      if (!(await insertAgency(trx, agency))) throw new RefusalError('agency.exists', { name: agency.name });
      return agency;
    };
    const repeatable = { operation: 'agency.create', token, request: command };
    return await makeOnce(context, trx, caller, repeatable, make, (made) => requireAgency(trx, accountId, made));
  });
}

/** What it takes away is taken at once from the sessions that act by it, and from copies that have not started. */
export async function updateAgency(
  context: AppContext,
  caller: Caller,
  agency: string,
  changes: AgencyChanges,
): Promise<Agency> {
  return await change(context, caller, 'agency.update', agency, async (trx, before, done) => {
    const after = await apply(trx, before, changes, context.clock.now());
    done.details = detailsOf(after);
    if (!(await updateAgencyRow(trx, after))) throw new RefusalError('agency.exists', { name: after.name });
    return after;
  });
}

/** Adds one grant to those that there are; the same one is there once. */
export async function grantAgency(
  context: AppContext,
  caller: Caller,
  { agency, grant }: { readonly agency: string; readonly grant: GrantRequest },
): Promise<Agency> {
  return await change(context, caller, 'agency.update', agency, async (trx, { id, accountId }, done) => {
    await insertGrants(trx, id, await findGranted(trx, accountId, [grant]));
    const after = await requireAgency(trx, accountId, id);
    demandRoom(after.grants);
    done.details = detailsOf(after);
    return after;
  });
}

/** Takes the grant away, in whatever role; that it is not there is no reason to refuse. */
export async function revokeGrant(
  context: AppContext,
  caller: Caller,
  { agency, grant }: { readonly agency: string; readonly grant: GrantName },
): Promise<Agency> {
  return await change(context, caller, 'agency.update', agency, async (trx, { id, accountId }, done) => {
    await deleteGrant(trx, id, grant);
    const after = await requireAgency(trx, accountId, id);
    done.details = detailsOf(after);
    return after;
  });
}

export async function deleteAgency(context: AppContext, caller: Caller, agency: string): Promise<void> {
  await change(context, caller, 'agency.delete', agency, (trx, { id }) => deleteAgencyRow(trx, id));
}

function detailsOf({ name, trustedAccountId, grants, expiresAt }: Agency): Readonly<Record<string, unknown>> {
  return { name, trustedAccountId, grants, expiresAt };
}

/** Does something to an agency that exists for the caller. */
async function change<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  agency: string,
  work: (trx: Trx, agency: Agency, done: Deed) => Promise<Result>,
): Promise<Result> {
  const action = type === 'agency.delete' ? type : 'agency.manage';
  const deed: Deed = { action, type, resource: { type: 'agency', id: agency } };
  return await act(context, caller, deed, async (trx, done) => {
    const found = await lockAgency(trx, caller.accountId, agency);
    if (found === undefined) throw new RefusalError('agency.not-found', { agency });
    done.resource = { type: 'agency', id: found.id };
    return await work(trx, found, done);
  });
}

/** The agency with the changes, each of which has been looked at. */
async function apply(trx: Trx, before: Agency, changes: AgencyChanges, now: number): Promise<Agency> {
  const { name, description, trustedAccount, grants, expiresAt } = changes;
  if (name !== undefined) checkTenantName(name);
  if (description !== undefined) checkTenantDescription(description);
  if (expiresAt != null && expiresAt <= now) {
    throw new RefusalError('request.invalid', { field: 'expiresAt', rule: 'must be in the future' });
  }
  const { accountId } = before;
  return {
    ...before,
    name: name ?? before.name,
    description: description ?? before.description,
    trustedAccountId:
      trustedAccount === undefined ? before.trustedAccountId : await findTrusted(trx, accountId, trustedAccount),
    grants: grants === undefined ? before.grants : await findGranted(trx, accountId, grants),
    expiresAt: expiresAt === undefined ? before.expiresAt : expiresAt,
  };
}

async function findTrusted(trx: Trx, accountId: string, account: string | null): Promise<string | null> {
  if (account === null) return null;
  const { id } = await requireAccount(trx, account);
  if (id === accountId) {
    throw new RefusalError('request.invalid', {
      field: 'trustedAccount',
      rule: 'must be another account than its own',
    });
  }
  return id;
}

async function findGranted(trx: Trx, accountId: string, grants: readonly GrantRequest[]): Promise<AgencyGrant[]> {
  demandRoom(grants);
  const found = new Map<string, AgencyGrant>();
  for (const { project = null, role, title = '', isGlobal = false } of grants) {
    checkGrantTitle(title);
    if (isGlobal && project !== null) {
      throw new RefusalError('request.invalid', { field: 'project', rule: 'must be null in a global grant' });
    }
    const projectId = project === null ? null : (await findProject(trx, accountId, project))?.id;
    if (projectId === undefined) throw new RefusalError('project.not-found', { project: String(project) });
    const grant = { projectId, role, title, isGlobal };
    found.set(JSON.stringify(grant), grant);
  }
  return [...found.values()];
}

function demandRoom(grants: readonly unknown[]): void {
  if (grants.length <= maxGrants) return;
  throw new RefusalError('request.invalid', { field: 'grants', rule: `must be at most ${maxGrants}` });
}
