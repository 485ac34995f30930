import { updateImage } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import { commonFaults } from '../common-faults.ts';
import { FaultError, type Faults } from '../fault.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { flag, oneOf } from '../parameters.ts';
import { imageNameTaken, imageNotFound } from '../refusals.ts';
import { bootModeOf, bootModes } from './image-words.ts';
import { findOwnImage, imageParameters } from './named-image.ts';
import { descriptionText, nameText } from './text-parameters.ts';

export const modifyImageFaults = {
  nameMalformed: {
    status: 400,
    code: 'InvalidImageName.Malformed',
    message:
      'Image names must be between 2 and 128 characters long, using either English or Chinese characters. The name must start with a letter or a Chinese character, and can include numbers, colons, underscores and hyphens.',
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

const faults = modifyImageFaults;

const parameters = {
  ...imageParameters,
  ImageName: nameText(faults.nameMalformed),
  Description: descriptionText(faults.descriptionMalformed),
  ImageFamily: nameText(faults.familyMalformed),
  Status: oneOf(['Deprecated', 'Available'], commonFaults.invalidParameter),
  BootMode: oneOf(Object.values(bootModes), faults.bootModeInvalid),
  LicenseType: oneOf(['Auto', 'Aliyun', 'BYOL'], faults.licenseInvalid),
  'Features.NvmeSupport': oneOf(['supported', 'unsupported'], commonFaults.invalidParameter),
  'Features.ImdsSupport': oneOf(['v1', 'v2'], faults.imdsInvalid),
  DryRun: flag(),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

export const modifyImageAttribute = operation({
  service: 'ecs',
  action: 'ModifyImageAttribute',
  summary: 'Changes what is said of an image, or takes it out of use and back; what is left out stays as it is.',
  parameters,
  faults,
  async handle({ context, caller, parameters: asked }) {
    const image = await findOwnImage(context, caller, asked);
    refuseUnfit(image, asked);
    const nvme = asked['Features.NvmeSupport'];
    const update = {
      name: asked.ImageName,
      description: asked.Description,
      deprecated: asked.Status && asked.Status === 'Deprecated',
      attributes: {
        family: asked.ImageFamily,
        bootMode: bootModeOf(asked.BootMode),
        licenseType: asked.LicenseType,
        nvmeSupport: nvme && nvme === 'supported',
        imdsSupport: asked['Features.ImdsSupport'],
      },
    };
    // What was looked at above is what is changed.
    const options = { uniqueName: true, dryRun: asked.DryRun, ifRevision: image.revision };
    await updateImage(context, caller, image.id, update, options);
    return {};
  },
});

/** What the image, as it is, does not allow. */
function refuseUnfit({ state, visibility, attributes }: Image, asked: Asked): void {
  if (!isReadable(state) && state !== 'failed') throw new FaultError(faults.beingMade);
  if (asked.Status === 'Deprecated') {
    if (state !== 'available') throw new FaultError(faults.notAvailable);
    if (visibility !== 'private') throw new FaultError(faults.shared);
  }
  if (asked.Status === 'Available' && state !== 'deprecated') throw new FaultError(faults.notDeprecated);
  if (asked.BootMode !== undefined && asked.BootMode !== 'UEFI' && attributes.architecture === 'arm64') {
    throw new FaultError(faults.bootModeOfOthers);
  }
  if (asked['Features.ImdsSupport'] === 'v1' && attributes.imdsSupport === 'v2') {
    throw new FaultError(faults.imdsBackwards);
  }
}
