/** UpdateImage's rows (reference §7.4, §9.2). */
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const updateImageFaults = {
  patchInvalid: {
    ...commonFaults.bodyInvalid,
    when: 'the body is no array of 1 to 100 changes, one of them has no op or path, an attribute has upper-case letters or a slash in its name, its value is no text, number or truth value, or one too long to be kept, or that of __support_arm is neither true nor false',
  },
  bodyEmpty: { ...commonFaults.bodyEmpty, when: 'there is no body, or an array without changes' },
  nameMissing: { ...imageFaults.nameMissing, when: 'name is to be removed, or to be empty' },
  nameTooLong: imageFaults.nameTooLong,
  nameMalformed: imageFaults.nameMalformed,
  descriptionTooLong: imageFaults.descriptionTooLong,
  descriptionMalformed: imageFaults.descriptionMalformed,
  sizeInvalid: { ...imageFaults.sizeInvalid, when: 'min_ram or max_ram is no number of MB from 0 to 2147483647' },
  firmwareUnknown: {
    status: 400,
    code: 'IMG.0141',
    message: 'The value of hw_firmware_type is not uefi or bios.',
    when: 'hw_firmware_type is to be something else',
  },
  enterpriseProjectInvalid: imageFaults.enterpriseProjectInvalid,
  attributeConflict: {
    status: 400,
    code: 'IMG.0035',
    message: 'An attribute conflict occurred during the modification.',
    when: 'a custom attribute that the image does not have is to be replaced or removed, or the image is changed meanwhile by another request',
  },
  readOnly: {
    ...imageFaults.notSupported,
    when: 'an attribute is one that the service sets, or that has operations of its own',
  },
  imageIdMalformed: imageFaults.imageIdMalformed,
  imageNotFound: imageFaults.imageNotFound,
  imageUnavailable: {
    ...imageFaults.imageUnavailable,
    when: 'the image is not active, or an unfinished copy reads it',
  },
  ownerOnly: imageFaults.ownerOnly,
} as const satisfies Faults;
