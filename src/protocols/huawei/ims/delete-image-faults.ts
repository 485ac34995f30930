/** DeleteImage's rows (reference §7.3). */
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { plainFaults } from '../plain-faults.ts';

export const deleteImageFaults = {
  beingCreated: {
    status: 400,
    code: 'IMG.0090',
    message: 'The image being created cannot be deleted.',
    when: 'an unfinished copy or import makes the image',
  },
  isProtected: {
    status: 400,
    code: 'IMG.0091',
    message: 'The protected image cannot be deleted.',
    when: 'the image is protected; Huawei Cloud',
  },
  isProtectedAtOtc: { ...imageFaults.protectedImage, when: 'the image is protected; Open Telekom Cloud' },
  ownerOnly: {
    status: 400,
    code: 'IMG.0092',
    message: 'The image can only be deleted by the owner.',
    when: 'the image is shared by another account',
  },
  isPublic: {
    status: 400,
    code: 'IMG.0094',
    message: 'The public image cannot be deleted.',
    when: 'the image is open to everybody',
  },
  unavailable: { ...imageFaults.imageUnavailable, when: 'an unfinished copy reads the image' },
  exporting: imageFaults.exporting,
  imageNotFound: { ...plainFaults[404], when: imageFaults.imageNotFound.when },
  bodyInvalid: commonFaults.bodyInvalid,
} as const satisfies Faults;
