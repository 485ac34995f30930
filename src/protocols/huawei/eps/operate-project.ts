import { updateResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, required } from '../../shared/parameters.ts';
import { noEnterpriseProject } from '../ims/enterprise-project.ts';
import { operation } from '../operation.ts';
import { operateProjectFaults as faults } from './enterprise-project-faults.ts';
import { enterpriseProjectId } from './enterprise-projects.ts';

/** Terraform disables what it is to destroy. */
export const operateEnterpriseProject = operation({
  service: 'eps',
  method: 'POST',
  route: '/v1.0/enterprise-projects/{enterprise_project_id}/action',
  name: 'OperateEnterpriseProject',
  summary: 'Enables or disables an enterprise project; nothing is moved into a disabled one.',
  right: 'resource-group.manage',
  path: { enterprise_project_id: enterpriseProjectId },
  body: { action: required(oneOf(['enable', 'disable'], faults.actionInvalid), faults.actionInvalid) },
  faults,
  async handle({ context, caller, parameters }) {
    const { enterprise_project_id: id, action } = parameters;
    if (id === noEnterpriseProject) throw new FaultError(faults.isDefault);
    await updateResourceGroup(context, caller, id, { disabled: action === 'disable' });
    return { status: 204 };
  },
});
