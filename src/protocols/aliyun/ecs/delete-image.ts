import { deleteImage as deleteOwnImage } from '../../../app/delete-image.ts';
import { FaultError, type Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { flag } from '../parameters.ts';
import { imageExporting, imageImporting, imageNotFound } from '../refusals.ts';
import { findOwnImage, imageParameters } from './named-image.ts';

export const deleteImageFaults = {
  shared: {
    status: 403,
    code: 'ImageUseShared',
    message:
      'The specified image has been shared to others. You can use the DescribeImageSharePermission API to query the users who have been shared.',
    when: 'the image is shared with an account',
  },
  isPublic: {
    status: 403,
    code: 'ImageIsPublic',
    message: 'You can not delete public image, please modify it to private.',
    when: 'the image is open to everybody',
  },
  beingCopied: {
    status: 403,
    code: 'OperationDenied.ImageCopying',
    message: 'The image is being copied. Please use the CancelCopyImage API.',
    older: 'The Image is coping.',
    when: 'an unfinished copy makes the image, or reads it',
  },
  imageImporting,
  imageExporting,
  imageNotFound,
  usedByInstance: {
    status: 403,
    code: 'ImageUsingByInstance',
    message:
      'The specified image has been used to create instances. You can use the DescribeInstances API to query these instances, or you can use the force parameter to proceed.',
    never: 'there are no instances; Force is accepted and changes nothing',
  },
} as const satisfies Faults;

const faults = deleteImageFaults;

/** Its snapshots stay, as clients expect, which delete them one by one. */
export const deleteImage = operation({
  service: 'ecs',
  action: 'DeleteImage',
  summary: 'Deletes an image; its snapshots stay.',
  parameters: { ...imageParameters, Force: flag(), DryRun: flag() },
  faults,
  refusals: {
    'image.changing': faults.beingCopied,
    'image.being-copied': faults.beingCopied,
  },
  async handle({ context, caller, parameters }) {
    const { id, visibility, revision } = await findOwnImage(context, caller, parameters);
    if (visibility === 'public') throw new FaultError(faults.isPublic);
    if (visibility === 'shared') throw new FaultError(faults.shared);
    await deleteOwnImage(context, caller, id, {
      keepSnapshots: true,
      dryRun: parameters.DryRun,
      // Sharing it meanwhile would have counted.
      ifRevision: revision,
    });
    return {};
  },
});
