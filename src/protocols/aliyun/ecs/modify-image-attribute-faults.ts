/** ModifyImageAttribute's error table (reference §5.2). */
import type { Faults } from '../fault.ts';
import { imageCopying, imageNameTaken, imageNotFound } from '../refusals.ts';
import { nameRuleMessage } from './text-parameters.ts';

export const modifyImageFaults = {
  nameMalformed: {
    status: 400,
    code: 'InvalidImageName.Malformed',
    message: nameRuleMessage,
    when: 'ImageName breaks its rule',
  },
  imageNameTaken,
  descriptionMalformed: {
    status: 400,
    code: 'InvalidDescription.Malformed',
    message: 'The specified description is wrongly formed.',
    when: 'Description breaks its rule',
  },
  familyMalformed: {
    status: 400,
    code: 'InvalidImageFamily.Malformed',
    message: 'The specified parameter "ImageFamily" is malformed.',
    when: 'ImageFamily breaks its rule',
  },
  bootModeInvalid: {
    status: 400,
    code: 'InvalidBootMode.NotSupport',
    message: 'The specified parameter BootMode is not supported.',
    when: 'BootMode is none of its words',
  },
  bootModeOfOthers: {
    status: 400,
    code: 'InvalidBootMode.NotSupport',
    message: 'The specified parameter BootMode is not supported for current image architecture.',
    when: 'BootMode is another than UEFI, and the image is for arm64',
  },
  licenseInvalid: {
    status: 400,
    code: 'InvalidLicenseType.NotSupported',
    message: 'The specified parameter LicenseType is not supported.',
    when: 'LicenseType is none of its words',
  },
  imdsInvalid: {
    status: 400,
    code: 'InvalidParameter.FeaturesImdsSupport',
    message: 'The specified parameter Features.ImdsSupport is not supported.',
    when: 'Features.ImdsSupport is neither v1 nor v2',
  },
  imdsBackwards: {
    status: 403,
    code: 'InvalidOperation.FeaturesImdsSupportNotMatch',
    message: 'The specified parameter Features.ImdsSupport can not be set to v1 from v2.',
    when: 'Features.ImdsSupport is v1, and of the image v2',
  },
  notAvailable: {
    status: 403,
    code: 'ImageStatus.NotAvailable',
    message: 'The specified image status is not available.',
    when: 'Status is Deprecated, and the image is not Available',
  },
  notDeprecated: {
    status: 403,
    code: 'ImageStatus.NotDeprecated',
    message: 'The specified image status is not deprecated.',
    when: 'Status is Available, and the image is not Deprecated',
  },
  shared: {
    status: 403,
    code: 'ImageUseShared',
    message: 'The specified image has been shared to others, please remove shared accounts first.',
    when: 'Status is Deprecated, and the image is shared or open to everybody',
  },
  beingMade: {
    status: 403,
    code: 'InvalidStatus.ImageIsCreating',
    message:
      'The operation cannot be performed because the image is creating. Please wait until the creation is complete and try again.',
    when: 'the image is Waiting or Creating',
  },
  imageCopying,
  imageNotFound,
  familyFull: {
    status: 400,
    code: 'ImageQuotaFull.ImageFamily',
    message: 'The specified image family has exceeded max number of images for one image family.',
    never: 'families have no quota',
  },
  tooManyFamilies: {
    status: 400,
    code: 'ImageFamilyQuotaFull',
    message: 'The specified region has exceeded max number of image family.',
    never: 'families have no quota',
  },
  usedByInstance: {
    status: 403,
    code: 'OperationDeined.ImageUsingByInstance',
    message: 'The boot mode of the image cannot be modified because it has associated instances.',
    never: 'there are no instances',
  },
} as const satisfies Faults;
