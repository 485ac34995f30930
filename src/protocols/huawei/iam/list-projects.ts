import { flag, text } from '../../shared/parameters.ts';
import { readId } from '../ids.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { linksOf } from './links.ts';
import { demandOwnDomain } from './own-domain.ts';
import { pageOf, pageParameters } from './paging.ts';
import { placedProjects, viewProject } from './project-view.ts';

const faults = { invalid: plainFaults[400], forbidden: plainFaults[403] };
const fault = faults.invalid;

/** Clients find a region's project here, by the region's id as its name. */
export const listProjects = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/projects',
  name: 'KeystoneListProjects',
  summary: "Lists the domain's projects.",
  right: 'project.read',
  query: {
    domain_id: text({ rule: "the caller's own", fault }),
    name: text({ fault }),
    parent_id: text({ rule: "of a project, or of the domain for the regions' default ones", fault }),
    enabled: flag(fault),
    is_domain: flag(fault),
    ...pageParameters,
  },
  faults,
  async handle(request) {
    const { context, caller, parameters } = request;
    const { domain_id: domain, name, parent_id: parent, enabled = true, is_domain: isDomain = false } = parameters;
    demandOwnDomain(caller, domain);
    // All of them are enabled, and none is a domain.
    const all = enabled && !isDomain ? await placedProjects(context, caller) : [];
    const found = all.filter((project) => {
      return (!name || project.name === name) && (!parent || project.parentId === readId(parent));
    });
    const projects = pageOf(found, parameters).map((project) => viewProject(request, project));
    return { body: { projects, links: linksOf(request, 'projects') } };
  },
});
