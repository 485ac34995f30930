import { FaultError } from '../../shared/faults.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { operation } from '../operation.ts';
import { copyFaults as faults } from './copy-faults.ts';
import { findVisibleImage, imageId } from './named-image.ts';
import { startCopy } from './start-copy.ts';
import { cmkId, enterpriseProjectId, imageDescription, imageName } from './text-parameters.ts';

/** The new image lies in the project of the request, and is listed from now on. */
export const copyImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/{image_id}/copy',
  // The SDKs call it CopyImageInRegionInSafeMode; nothing that it asks or answers is different.
  twins: ['/v2.1/cloudimages/{image_id}/copy'],
  name: 'CopyImageInRegion',
  summary: 'Copies an image inside its region; the answer is a job.',
  right: 'copy.create',
  path: { image_id: imageId },
  body: {
    name: imageName,
    description: imageDescription,
    cmk_id: cmkId,
    enterprise_project_id: enterpriseProjectId,
  },
  faults,
  refusals: {
    // All of it would have been done, without the key.
    'request.dry-run-passed': faults.keyNotFound,
    'copy.kind': ({ kind }) => new FaultError(kind === 'iso' ? faults.isIso : faults.wholeMachine),
    'copy.size': faults.tooLarge,
  },
  async handle({ context, caller, scope, parameters }) {
    const { image_id, name, description, cmk_id, enterprise_project_id: group } = parameters;
    const { id, accountId, visibility } = await findVisibleImage(context, caller, scope, image_id);
    const isShared = accountId !== caller.accountId && visibility === 'shared';
    if (group && isShared) throw new FaultError(faults.notSupported);
    const command = {
      policy: huaweiCopyPolicies.region,
      images: [id],
      sourceRegion: scope.region,
      regions: [scope.region],
      project: scope.projectId,
      name,
      description,
      resourceGroup: group ?? undefined,
    };
    return await startCopy(context, caller, command, { dryRun: Boolean(cmk_id) });
  },
});
