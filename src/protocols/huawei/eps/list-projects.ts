import { oneOf, text, whole } from '../../shared/parameters.ts';
import { epsFaults } from '../eps-faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import {
  allEnterpriseProjects,
  type EnterpriseProject,
  projectType,
  statusOf,
  updatedAt,
  viewEnterpriseProject,
} from './enterprise-projects.ts';
import { pageParameters } from './paging.ts';

const faults = {
  badRequest: { ...epsFaults.badRequest, when: 'a parameter of the query breaks its rule and has no row of its own' },
  limitInvalid: epsFaults.limitInvalid,
  offsetInvalid: epsFaults.offsetInvalid,
} as const satisfies Faults;
const { badRequest: fault } = faults;

const sorts = {
  created_at: ({ createdAt }) => createdAt,
  updated_at: updatedAt,
  name: ({ name }) => name,
} as const satisfies Readonly<Record<string, (project: EnterpriseProject) => number | string>>;

/** Terraform looks for the name among those that have it as a part of theirs. */
export const listEnterpriseProjects = operation({
  service: 'eps',
  method: 'GET',
  route: '/v1.0/enterprise-projects',
  name: 'ListEnterpriseProject',
  summary: "Lists the domain's enterprise projects, which are resource groups, and the default one, newest first.",
  right: 'resource-group.read',
  query: {
    id: text({ fault }),
    name: text({ rule: 'a part of the name, in any case', fault }),
    status: whole({ least: 1, most: 2, fault }),
    type: oneOf(['prod', 'poc'], fault),
    sort_key: oneOf(Object.keys(sorts) as (keyof typeof sorts)[], fault),
    sort_dir: oneOf(['asc', 'desc'], fault),
    ...pageParameters,
  },
  faults,
  async handle({ context, caller, parameters }) {
    const { id, name = '', status, type = projectType, limit, offset } = parameters;
    const { sort_key: key = 'created_at', sort_dir: direction = 'desc' } = parameters;
    const all = type === projectType ? await allEnterpriseProjects(context, caller) : [];
    const part = name.toLowerCase();
    const found = all
      .filter((project) => !id || project.id === id)
      .filter((project) => project.name.toLowerCase().includes(part))
      .filter((project) => status === undefined || statusOf(project) === status)
      .toSorted((one, other) => compare(sorts[key](one), sorts[key](other)) * (direction === 'asc' ? 1 : -1));
    const page = found.slice(offset, offset + limit);
    return { body: { enterprise_projects: page.map(viewEnterpriseProject), total_count: found.length } };
  },
});

function compare(one: number | string, other: number | string): number {
  return one < other ? -1 : Number(one > other);
}
