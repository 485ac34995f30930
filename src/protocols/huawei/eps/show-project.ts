import { epsFaults } from '../eps-faults.ts';
import { operation } from '../operation.ts';
import { enterpriseProjectId, findEnterpriseProject, viewEnterpriseProject } from './enterprise-projects.ts';

const { notFound } = epsFaults;

export const showEnterpriseProject = operation({
  service: 'eps',
  method: 'GET',
  route: '/v1.0/enterprise-projects/{enterprise_project_id}',
  name: 'ShowEnterpriseProject',
  summary: 'Shows an enterprise project.',
  right: 'resource-group.read',
  path: { enterprise_project_id: enterpriseProjectId },
  faults: { notFound },
  async handle({ context, caller, parameters }) {
    const project = await findEnterpriseProject(context, caller, parameters.enterprise_project_id);
    return { body: { enterprise_project: viewEnterpriseProject(project) } };
  },
});
