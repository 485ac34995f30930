import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { operation } from '../operation.ts';
import { createProjectFaults as faults, namingRefusals } from './enterprise-project-faults.ts';
import { viewEnterpriseProject } from './enterprise-projects.ts';
import { projectParameters } from './project-parameters.ts';

export const createEnterpriseProject = operation({
  service: 'eps',
  method: 'POST',
  route: '/v1.0/enterprise-projects',
  name: 'CreateEnterpriseProject',
  summary: 'Makes an enterprise project.',
  right: 'resource-group.manage',
  body: projectParameters,
  faults,
  refusals: namingRefusals,
  async handle({ context, caller, parameters }) {
    const { name, description = '' } = parameters;
    const { result } = await createResourceGroup(context, caller, { name, description });
    return { status: 201, body: { enterprise_project: viewEnterpriseProject(result) } };
  },
});
