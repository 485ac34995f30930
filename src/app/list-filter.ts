import { findProject } from '../db/tenants/projects.ts';
import { findResourceGroup } from '../db/tenants/resource-groups.ts';
import type { Action } from '../domain/authorization.ts';
import { isUuid } from '../domain/ids.ts';
import { demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';

interface Named {
  readonly region?: string | undefined;
  /** Id or name. */
  readonly project?: string | undefined;
  /** Id or name. */
  readonly resourceGroup?: string | undefined;
}

/**
 * What a list's query comes to if the caller may ask it (`action`): UUIDs for the project and the resource group that it names,
 * and the caller's own limits; undefined when there is no such thing, which nothing belongs to.
 */
export async function filterOf<Query extends Named>(
  { db }: AppContext,
  caller: Caller,
  action: Action,
  query: Query,
): Promise<(Query & Pick<Caller, 'projects'>) | undefined> {
  demand(caller, action);
  const { accountId, projects } = caller;
  const project = await uuidOf(query.project, async (id) => (await findProject(db, accountId, id, query.region))?.id);
  const group = await uuidOf(query.resourceGroup, async (id) => (await findResourceGroup(db, accountId, id))?.id);
  if (project === null || group === null) return undefined;
  return { ...query, projects, project, resourceGroup: group };
}

/** The UUID of what is called so, undefined for nothing asked, null if there is no such thing. */
export async function uuidOf(
  id: string | undefined,
  find: (id: string) => Promise<string | undefined>,
): Promise<string | null | undefined> {
  return id === undefined || isUuid(id) ? id : ((await find(id)) ?? null);
}
