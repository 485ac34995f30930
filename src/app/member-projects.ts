/** For dialects that share images with projects: whose a project is, and which project stands for an account. */
import { readAnyProject, readDefaultProjects } from '../db/tenants/projects.ts';
import type { ImageMember } from '../domain/sharing.ts';
import type { Project } from '../domain/tenants.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

/** The project of this UUID, whosever it is: whoever was given its id may share with its account. */
export async function findMemberProject(
  { db }: AppContext,
  caller: Caller,
  { project, region }: { readonly project: string; readonly region: string },
): Promise<Project | undefined> {
  demand(caller, 'share.read');
  const found = await readAnyProject(db, project);
  return found?.region === region ? found : undefined;
}

/** By account, the project that each is named by; the default one of those that were named by none. */
export async function projectsOfMembers(
  { db }: AppContext,
  members: readonly Pick<ImageMember, 'accountId' | 'projectId'>[],
  region: string,
): Promise<ReadonlyMap<string, string>> {
  const unnamed = members.filter(({ projectId }) => projectId === null).map(({ accountId }) => accountId);
  const defaults = unnamed.length === 0 ? [] : await readDefaultProjects(db, unnamed, region);
  const named = members.flatMap(({ accountId, projectId }) => (projectId === null ? [] : [[accountId, projectId]]));
  return new Map([...defaults.map(({ accountId, id }) => [accountId, id]), ...named] as [string, string][]);
}
