/** Projects: an account's parts of a region. One a region is named after it and stays. */
import type { Trx } from '../../db/database.ts';
import { type Cursor, type PageRequest, toPage } from '../../db/paging.ts';
import {
  deleteProject as deleteProjectRow,
  findProject,
  insertProject,
  listProjects as listProjectRows,
  lockProject,
  updateProject as updateProjectRow,
} from '../../db/tenants/projects.ts';
import type { DeedType } from '../../domain/event-types.ts';
import { newUuid } from '../../domain/ids.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { checkTenantDescription, checkTenantName } from '../../domain/tenant-rules.ts';
import type { Project } from '../../domain/tenants.ts';
import { act, type Deed, demand } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { type Done, makeOnce } from '../once.ts';

export interface ProjectPage {
  readonly projects: readonly Project[];
  /** Where the next page begins, null at the end. */
  readonly next: Cursor | null;
}

/** By name; who acts by an agency sees those that it was granted. */
export async function listProjects(
  context: AppContext,
  caller: Caller,
  query: PageRequest & { readonly region?: string | undefined },
): Promise<ProjectPage> {
  demand(caller, 'project.read');
  const filter = { ...query, ids: caller.projects ?? undefined, limit: query.limit + 1 };
  const rows = await listProjectRows(context.db, caller.accountId, filter);
  const { page, next } = toPage(rows, query.limit, ({ name, id }) => ({ value: name, id }));
  return { projects: page, next };
}

export async function createProject(
  context: AppContext,
  caller: Caller,
  { region, name, description }: Pick<Project, 'region' | 'name' | 'description'>,
  token?: string,
): Promise<Done<Project>> {
  const { random, clock, regionNumbers } = context;
  const id = newUuid(random);
  const deed: Deed = { action: 'project.manage', type: 'project.create', resource: { type: 'project', id } };
  return await act(context, caller, deed, async (trx, done) => {
    if (!regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
    Object.assign(done, { region, details: { name } });
    const { accountId } = caller;
    const make = async () => {
      checkTenantName(name);
      checkTenantDescription(description);
      const project = { id, accountId, region, name, description, isDefault: false, createdAt: clock.now() };
      if (!(await insertProject(trx, project))) throw new RefusalError('project.exists', { region, name });
      return project;
    };
    const repeatable = { operation: 'project.create', token, request: { region, name, description } };
    return await makeOnce(context, trx, caller, repeatable, make, (made) =>
      requireProject(trx, accountId, made, findProject),
    );
  });
}

async function requireProject(
  trx: Trx,
  accountId: string,
  project: string,
  find: typeof lockProject,
): Promise<Project> {
  const found = await find(trx, accountId, project);
  if (found === undefined) throw new RefusalError('project.not-found', { project });
  return found;
}

export interface ProjectChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export async function updateProject(
  context: AppContext,
  caller: Caller,
  id: string,
  changes: ProjectChanges,
): Promise<Project> {
  return await change(context, caller, 'project.update', id, async (trx, before, done) => {
    const { name = before.name, description = before.description } = changes;
    checkTenantName(name);
    checkTenantDescription(description);
    done.details = { ...changes };
    if (before.isDefault && name !== before.name) {
      throw new RefusalError('request.invalid', { field: 'name', rule: 'of a default project is its region' });
    }
    if (!(await updateProjectRow(trx, before.id, { name, description }))) {
      throw new RefusalError('project.exists', { region: before.region, name });
    }
    return { ...before, name, description };
  });
}

/** Refused while it has images or snapshots, and for the default one. */
export async function deleteProject(context: AppContext, caller: Caller, id: string): Promise<void> {
  await change(context, caller, 'project.delete', id, async (trx, project) => {
    if (project.isDefault || !(await deleteProjectRow(trx, project.id))) {
      throw new RefusalError('project.in-use', { project: id });
    }
  });
}

/** Does something to a project that exists for the caller. */
async function change<Result>(
  context: AppContext,
  caller: Caller,
  type: DeedType,
  id: string,
  work: (trx: Trx, project: Project, done: Deed) => Promise<Result>,
): Promise<Result> {
  const deed: Deed = { action: 'project.manage', type, resource: { type: 'project', id } };
  return await act(context, caller, deed, async (trx, done) => {
    const project = await requireProject(trx, caller.accountId, id, lockProject);
    Object.assign(done, { resource: { type: 'project', id: project.id }, region: project.region });
    return await work(trx, project, done);
  });
}
