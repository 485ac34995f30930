/** Enterprise projects: the account's resource groups, and the default one, `0`, for whatever is in none of them. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findAccount } from '../../../app/tenants/accounts.ts';
import { findResourceGroup, listResourceGroups } from '../../../app/tenants/resource-groups.ts';
import { isUuid } from '../../../domain/ids.ts';
import type { ResourceGroup } from '../../../domain/tenants.ts';
import { required, text } from '../../shared/parameters.ts';
import { toSecond } from '../../shared/times.ts';
import { epsFaults } from '../eps-faults.ts';
import { noEnterpriseProject } from '../ims/enterprise-project.ts';

export type EnterpriseProject = Omit<ResourceGroup, 'aliyunId' | 'accountId'>;

/** The longest list that can be had. */
const mostProjects = 5000;

const { notFound } = epsFaults;

/** Of operations that have it in their paths. */
export const enterpriseProjectId = required(
  text({
    rule: '0 for the default one, or a UUID',
    fault: notFound,
    matches: (id) => id === noEnterpriseProject || isUuid(id),
  }),
  notFound,
);

export async function findEnterpriseProject(
  context: AppContext,
  caller: Caller,
  id: string,
): Promise<EnterpriseProject> {
  return id === noEnterpriseProject ? await defaultProject(context, caller) : findResourceGroup(context, caller, id);
}

/** The default one first, the others by name. */
export async function allEnterpriseProjects(context: AppContext, caller: Caller): Promise<EnterpriseProject[]> {
  const { resourceGroups } = await listResourceGroups(context, caller, { limit: mostProjects });
  return [await defaultProject(context, caller), ...resourceGroups];
}

/** As old as the account. */
async function defaultProject(context: AppContext, caller: Caller): Promise<EnterpriseProject> {
  const { createdAt } = await findAccount(context, caller, 'self');
  return { id: noEnterpriseProject, name: 'default', description: '', createdAt, disabledAt: null };
}

/** When it was changed last, as far as that is known: of new names and descriptions no time is kept. */
export function updatedAt({ createdAt, disabledAt }: EnterpriseProject): number {
  return disabledAt ?? createdAt;
}

/** 1 is enabled, 2 disabled. */
export function statusOf({ disabledAt }: EnterpriseProject): 1 | 2 {
  return disabledAt === null ? 1 : 2;
}

/** Projects for tests (`poc`) there are none. */
export const projectType = 'prod';

export function viewEnterpriseProject(project: EnterpriseProject): object {
  const { id, name, description, createdAt } = project;
  return {
    id,
    name,
    description,
    status: statusOf(project),
    type: projectType,
    created_at: toSecond(createdAt),
    updated_at: toSecond(updatedAt(project)),
  };
}
