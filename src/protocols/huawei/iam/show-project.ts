import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { identifier } from './identifier.ts';
import { placedProjects, viewProject } from './project-view.ts';

const faults = { notFound: plainFaults[404], denied: plainFaults[403] };

/**
 * openstackclient asks for a name here first, and looks for it in the list after a 404. An id is denied, whether it is another
 * account's or nobody's.
 */
export const showProject = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/projects/{project_id}',
  name: 'KeystoneShowProject',
  summary: 'Shows a project.',
  right: 'project.read',
  path: { project_id: identifier(faults.notFound) },
  faults,
  async handle(request) {
    const projects = await placedProjects(request.context, request.caller);
    const found = projects.find(({ id }) => id === request.parameters.project_id);
    if (found === undefined) throw new FaultError(faults.denied);
    return { body: { project: viewProject(request, found) } };
  },
});
