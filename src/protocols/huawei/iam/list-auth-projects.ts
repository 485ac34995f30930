import { operation } from '../operation.ts';
import { linksOf } from './links.ts';
import { placedProjects, viewProject } from './project-view.ts';

export const listAuthProjects = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/auth/projects',
  name: 'KeystoneListAuthProjects',
  summary: 'Lists the projects that the caller can act in.',
  right: 'project.read',
  faults: {},
  async handle(request) {
    const found = await placedProjects(request.context, request.caller);
    const projects = found.map((project) => viewProject(request, project));
    return { body: { projects, links: linksOf(request, 'auth/projects') } };
  },
});
