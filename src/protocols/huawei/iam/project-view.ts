/** Projects as IAM shows them. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { listProjects } from '../../../app/tenants/projects.ts';
import type { Project } from '../../../domain/tenants.ts';
import { toHexId } from '../ids.ts';
import type { HuaweiContext } from '../operation.ts';
import { type Linking, linkOf } from './links.ts';
import { mostPerPage } from './paging.ts';

/** A project with the one that it belongs to: the region's default one, or of that itself the domain. */
interface PlacedProject extends Project {
  readonly parentId: string;
}

/** The caller's, by name; of regions that the configuration has. */
export async function placedProjects(
  context: AppContext & Pick<HuaweiContext, 'regions'>,
  caller: Caller,
): Promise<PlacedProject[]> {
  const { projects } = await listProjects(context, caller, { limit: mostPerPage });
  const defaults = new Map(projects.filter(({ isDefault }) => isDefault).map(({ region, id }) => [region, id]));
  return projects
    .filter(({ region }) => context.regions.includes(region))
    .map((project) => {
      const { isDefault, region, accountId } = project;
      // Who acts by an agency need not see the default one.
      return { ...project, parentId: (isDefault ? undefined : defaults.get(region)) ?? accountId };
    });
}

export function viewProject(linking: Linking, { id, name, description, accountId, parentId }: PlacedProject): object {
  return {
    id: toHexId(id),
    name,
    description,
    domain_id: toHexId(accountId),
    parent_id: toHexId(parentId),
    is_domain: false,
    enabled: true,
    links: linkOf(linking, `projects/${toHexId(id)}`),
  };
}
