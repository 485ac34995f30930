/** Where a role is granted to an agency: on a project, on all projects, or on the domain. */
import type { AppContext, Caller } from '../../../../app/context.ts';
import { findProjectById } from '../../../../app/tenants/find-project.ts';
import type { Agency, AgencyGrant } from '../../../../domain/tenants.ts';
import { FaultError } from '../../../shared/faults.ts';
import { type Parameter, required, text } from '../../../shared/parameters.ts';
import type { Faults } from '../../fault.ts';
import { toHexId } from '../../ids.ts';
import { identifier } from '../identifier.ts';
import { demandOwnDomain } from '../own-domain.ts';
import { type HuaweiRole, roleById } from '../roles-data.ts';
import { grantFaults as faults } from './agency-faults.ts';

/** What the core knows a place by. */
type Place = Required<Pick<AgencyGrant, 'projectId' | 'isGlobal'>>;

export interface GrantPlace {
  /** What the operations are called after. */
  readonly name: 'Project' | 'Domain' | 'AllProjects';
  readonly words: string;
  /** Of the list of the roles there. */
  readonly route: string;
  readonly routeOfRole: string;
  /** The first of the path's ids. */
  readonly holder: 'project_id' | 'domain_id';
  readonly id: Parameter<string>;
  /** That nothing else has. */
  readonly faults: Faults;
  /** Refuses what is not the caller's. */
  find(context: AppContext, caller: Caller, id: string): Promise<Place>;
}

const domainId = required(text({ rule: "the caller's own", fault: faults.forbidden }), faults.forbidden);

const project: GrantPlace = {
  name: 'Project',
  words: 'on a project',
  route: '/v3.0/OS-AGENCY/projects/{project_id}/agencies/{agency_id}/roles',
  routeOfRole: '/v3.0/OS-AGENCY/projects/{project_id}/agencies/{agency_id}/roles/{role_id}',
  holder: 'project_id',
  id: identifier(faults.projectNotFound),
  faults: { projectNotFound: faults.projectNotFound },
  async find(context, caller, id) {
    const found = await findProjectById(context, caller, id);
    if (found === undefined) throw new FaultError(faults.projectNotFound, toHexId(id));
    return { projectId: found.id, isGlobal: false };
  },
};

function ofDomain(isGlobal: boolean): Pick<GrantPlace, 'holder' | 'id' | 'faults' | 'find'> {
  return {
    holder: 'domain_id',
    id: domainId,
    faults: {},
    async find(_context, caller, id) {
      demandOwnDomain(caller, id);
      return { projectId: null, isGlobal };
    },
  };
}

const allProjects: GrantPlace = {
  ...ofDomain(false),
  name: 'AllProjects',
  words: 'on all projects, those to come too',
  route: '/v3.0/OS-INHERIT/domains/{domain_id}/agencies/{agency_id}/roles/inherited_to_projects',
  routeOfRole: '/v3.0/OS-INHERIT/domains/{domain_id}/agencies/{agency_id}/roles/{role_id}/inherited_to_projects',
};

/** The image service lies in projects, and so gains nothing by it. */
const domain: GrantPlace = {
  ...ofDomain(true),
  name: 'Domain',
  words: 'on the domain, for services that lie in no project',
  route: '/v3.0/OS-AGENCY/domains/{domain_id}/agencies/{agency_id}/roles',
  routeOfRole: '/v3.0/OS-AGENCY/domains/{domain_id}/agencies/{agency_id}/roles/{role_id}',
};

export const grantPlaces = [project, domain, allProjects] as const;

interface AskedAt {
  readonly context: AppContext;
  readonly caller: Caller;
  /** With the one that every route of the place has. */
  readonly parameters: Readonly<Record<string, string>>;
}

export async function findPlace(place: GrantPlace, { context, caller, parameters }: AskedAt): Promise<Place> {
  return await place.find(context, caller, parameters[place.holder] as string);
}

export const roleId = required(text({ fault: faults.roleNotFound }), faults.roleNotFound);

export function findRole(id: string): HuaweiRole {
  const role = roleById(id);
  if (role === undefined) throw new FaultError(faults.roleNotFound, id);
  return role;
}

/** Titles of the agency's grants at the place. */
export function titlesAt({ grants }: Agency, { projectId, isGlobal }: Place): ReadonlySet<string> {
  const there = grants.filter((grant) => grant.projectId === projectId && (grant.isGlobal ?? false) === isGlobal);
  return new Set(there.map(({ title = '' }) => title));
}
