import { findImage } from '../../../app/find-image.ts';
import { updateImage } from '../../../app/update-image.ts';
import { isUuid } from '../../../domain/ids.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, required, text } from '../../shared/parameters.ts';
import { identifier } from '../iam/identifier.ts';
import { noEnterpriseProject } from '../ims/enterprise-project.ts';
import { operation } from '../operation.ts';
import { enterpriseProjectId } from './enterprise-projects.ts';
import { migrateFaults as faults } from './resource-faults.ts';

/**
 * The project tells where the image is: clients name the region that they are set to, which after a copy to another one is not
 * the image's.
 */
export const migrateResource = operation({
  service: 'eps',
  method: 'POST',
  route: '/v1.0/enterprise-projects/{enterprise_project_id}/resources-migrate',
  name: 'MigrateResource',
  summary: 'Moves an image of any region into an enterprise project.',
  right: 'image.update',
  path: { enterprise_project_id: enterpriseProjectId },
  body: {
    resource_type: required(oneOf(['images'], faults.typeInvalid), faults.typeInvalid),
    resource_id: required(
      text({ rule: 'a UUID', fault: faults.notFound, matches: (id) => id === '' || isUuid(id) }),
      faults.badRequest,
    ),
    project_id: identifier(faults.projectInvalid),
  },
  faults,
  async handle({ context, caller, parameters }) {
    const { enterprise_project_id: target, resource_id: id, project_id: project } = parameters;
    const { accountId, projectId } = await findImage(context, caller, id);
    if (accountId !== caller.accountId || projectId !== project) throw new FaultError(faults.notFound);
    await updateImage(context, caller, id, { resourceGroup: target === noEnterpriseProject ? null : target });
    return { status: 204 };
  },
});
