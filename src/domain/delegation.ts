/** What an agency's grants come to for whoever acts by it. */
import { hasRole, type Role, roles } from './principal.ts';
import type { AgencyGrant } from './tenants.ts';

/**
 * Where one may act by the grants in this role: the projects that were granted it or more, null for all of them, undefined for
 * none. A principal has one role, so a lesser grant of another project never widens a greater one: whoever wants that project
 * too asks for the lesser role. What is granted of global services is nothing of Mimeo's.
 */
export function delegatedProjects(grants: readonly AgencyGrant[], role: Role): readonly string[] | null | undefined {
  const sufficient = grants.filter((grant) => !grant.isGlobal && hasRole(grant.role, role));
  if (sufficient.length === 0) return undefined;
  const projects = sufficient.flatMap(({ projectId }) => projectId ?? []);
  return projects.length < sufficient.length ? null : [...new Set(projects)];
}

/** The greatest role of any grant, or any that reaches the project, that is not more than `most`; undefined when there is none. */
export function delegatedRole(grants: readonly AgencyGrant[], most: Role, projectId?: string): Role | undefined {
  return roles.find((role) => {
    const projects = hasRole(most, role) ? delegatedProjects(grants, role) : undefined;
    return projects !== undefined && (projectId === undefined || projects === null || projects.includes(projectId));
  });
}
