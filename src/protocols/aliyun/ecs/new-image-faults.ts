/** What the error tables of CreateImage and ImportImage say alike of a new image. */
import type { Faults } from '../fault.ts';
import { resourceGroupNotFound, snapshotQuota } from '../refusals.ts';
import { tagFaults } from './tag-parameters.ts';
import { nameRuleMessage } from './text-parameters.ts';

export const newImageFaults = {
  ...tagFaults,
  nameMalformed: {
    status: 400,
    code: 'InvalidImageName.Malformed',
    message: nameRuleMessage,
    older: 'The specified Image name is wrongly formed.',
    when: 'ImageName breaks its rule',
  },
  architectureMalformed: {
    status: 400,
    code: 'InvalidArchitecture.Malformed',
    message: 'The specified Architecture is wrongly formed.',
    when: 'Architecture is none of its words',
  },
  platformMalformed: {
    status: 400,
    code: 'InvalidPlatform.Malformed',
    message: 'The specified Platform is wrongly formed.',
    when: 'Platform breaks its rule',
  },
  bootModeUnfit: {
    status: 400,
    code: 'InvalidBootMode.NotSupport',
    message: 'The specified parameter BootMode is not supported for current image architecture.',
    when: 'BootMode is another than UEFI, and Architecture is arm64',
  },
  imdsInvalid: {
    status: 400,
    code: 'InvalidParameter.FeaturesImdsSupport',
    message: 'The specified parameter Features.ImdsSupport is not supported.',
    when: 'Features.ImdsSupport is neither v1 nor v2',
  },
  imageQuota: {
    status: 403,
    code: 'QuotaExceed.Image',
    message: 'The Image Quota exceeds.',
    when: 'the account would have more images in the region than its quota allows',
  },
  snapshotQuota,
  resourceGroupNotFound,
} as const satisfies Faults;
