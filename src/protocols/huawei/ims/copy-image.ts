import { FaultError } from '../../shared/faults.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { operation } from '../operation.ts';
import { copyFaults as faults } from './copy-faults.ts';
import { bareMetal, environmentOf } from './image-words.ts';
import { keyRefusals, sourceKeyFaultOf } from './key-faults.ts';
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
    ...keyRefusals,
    'copy.same-key': faults.sameKey,
    'copy.encrypting': faults.sharedEncrypting,
    'copy.kind': ({ kind }) => new FaultError(kind === 'iso' ? faults.isIso : faults.wholeMachine),
    'copy.size': faults.tooLarge,
  },
  async handle({ context, caller, scope, parameters }) {
    const { image_id, name, description, cmk_id, enterprise_project_id: group } = parameters;
    const image = await findVisibleImage(context, caller, scope, image_id);
    const isShared = image.accountId !== caller.accountId && image.visibility === 'shared';
    if (group && isShared) throw new FaultError(faults.notSupported);
    if (cmk_id && environmentOf(image) === bareMetal) throw new FaultError(faults.isBareMetal);
    const command = {
      policy: huaweiCopyPolicies.region,
      images: [image.id],
      sourceRegion: scope.region,
      regions: [scope.region],
      project: scope.projectId,
      name,
      description,
      resourceGroup: group ?? undefined,
      // Without a key the copy of an encrypted image is a plain one (reference §2.1).
      encryption: cmk_id || 'none',
    };
    try {
      return await startCopy(context, caller, command);
    } catch (error) {
      throw sourceKeyFaultOf(error, image) ?? error;
    }
  },
});
