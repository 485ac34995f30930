/** DeleteImage's error table (reference §5.1). */
import type { Faults } from '../fault.ts';
import { imageExporting, imageImporting, imageNotFound } from '../refusals.ts';

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
