/** What an agency's grants come to for whoever acts by it. */
import { hasRole, type Role, roles } from './principal.ts';
import type { AgencyGrant } from './tenants.ts';

/**
 * Where one may act by the grants in this role: the projects that were granted it or more, null for all of them, undefined for
 * none. A principal has one role, so a lesser grant of another project never widens a greater one: whoever wants that project
 * too asks for the lesser role.
 */
export function delegatedProjects(grants: readonly AgencyGrant[], role: Role): readonly string[] | null | undefined {
  const sufficient = grants.filter((grant) => hasRole(grant.role, role));
  if (sufficient.length === 0) return undefined;
  const projects = sufficient.flatMap(({ projectId }) => projectId ?? []);
  return projects.length < sufficient.length ? null : [...new Set(projects)];
}

/** The greatest role of any grant that is not more than `most`; undefined when all of them are. */
export function delegatedRole(grants: readonly AgencyGrant[], most: Role): Role | undefined {
  return roles.find((role) => hasRole(most, role) && delegatedProjects(grants, role) !== undefined);
}
