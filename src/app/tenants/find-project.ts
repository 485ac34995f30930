/** Projects as every request needs them: looked up, and nothing locked. */
import { readDefaultProject, readProject } from '../../db/tenants/projects.ts';
import { may } from '../../domain/authorization.ts';
import type { Project } from '../../domain/tenants.ts';
import type { AppContext, Caller } from '../context.ts';

/** The account's project of this id; undefined where the caller sees none. */
export async function findProjectById(
  { db }: Pick<AppContext, 'db'>,
  caller: Caller,
  id: string,
): Promise<Project | undefined> {
  return seen(caller, await readProject(db, caller.accountId, id));
}

/** The one that is named after the region. */
export async function findDefaultProject(
  { db }: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
): Promise<Project | undefined> {
  return seen(caller, await readDefaultProject(db, caller.accountId, region));
}

function seen(caller: Caller, project: Project | undefined): Project | undefined {
  const target = project && { accountId: project.accountId, projectId: project.id };
  return target && may(caller, 'project.read', target) === 'yes' ? project : undefined;
}
