import { updateResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { FaultError } from '../../shared/faults.ts';
import { noEnterpriseProject } from '../ims/enterprise-project.ts';
import { operation } from '../operation.ts';
import { updateProjectFaults as faults, namingRefusals } from './enterprise-project-faults.ts';
import { enterpriseProjectId, findEnterpriseProject, viewEnterpriseProject } from './enterprise-projects.ts';
import { projectParameters } from './project-parameters.ts';

export const updateEnterpriseProject = operation({
  service: 'eps',
  method: 'PUT',
  route: '/v1.0/enterprise-projects/{enterprise_project_id}',
  name: 'UpdateEnterpriseProject',
  summary: "Changes an enterprise project's name and description.",
  right: 'resource-group.manage',
  path: { enterprise_project_id: enterpriseProjectId },
  body: projectParameters,
  faults,
  refusals: namingRefusals,
  async handle({ context, caller, parameters }) {
    const { enterprise_project_id: id, name, description } = parameters;
    if (id === noEnterpriseProject) throw new FaultError(faults.isDefault);
    const { disabledAt } = await findEnterpriseProject(context, caller, id);
    if (disabledAt !== null) throw new FaultError(faults.isDisabled);
    const project = await updateResourceGroup(context, caller, id, { name, description });
    return { body: { enterprise_project: viewEnterpriseProject(project) } };
  },
});
