import { updateImage } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { keyOf } from '../../shared/words.ts';
import { commonFaults } from '../common-faults.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { flag } from '../parameters.ts';
import { bootModes, isSupported, licenseTypes, supportWords } from './image-words.ts';
import { modifyImageFaults as faults } from './modify-image-attribute-faults.ts';
import { findOwnImage, imageParameters } from './named-image.ts';
import { descriptionText, nameText } from './text-parameters.ts';

const parameters = {
  ...imageParameters,
  ImageName: nameText(faults.nameMalformed),
  Description: descriptionText(faults.descriptionMalformed),
  ImageFamily: nameText(faults.familyMalformed),
  Status: oneOf(['Deprecated', 'Available'], commonFaults.invalidParameter),
  BootMode: oneOf(Object.values(bootModes), faults.bootModeInvalid),
  LicenseType: oneOf(licenseTypes, faults.licenseInvalid),
  'Features.NvmeSupport': oneOf(supportWords, commonFaults.invalidParameter),
  'Features.ImdsSupport': oneOf(['v1', 'v2'], faults.imdsInvalid),
  DryRun: flag(),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

export const modifyImageAttribute = operation({
  service: 'ecs',
  action: 'ModifyImageAttribute',
  summary: 'Changes what is said of an image, or takes it out of use and back; what is left out stays as it is.',
  right: 'image.update',
  parameters,
  faults,
  async handle({ context, caller, parameters: asked }) {
    const image = await findOwnImage(context, caller, asked);
    refuseUnfit(image, asked);
    const update = {
      name: asked.ImageName,
      description: asked.Description,
      deprecated: asked.Status && asked.Status === 'Deprecated',
      attributes: {
        family: asked.ImageFamily,
        bootMode: keyOf(bootModes, asked.BootMode),
        licenseType: asked.LicenseType,
        nvmeSupport: isSupported(asked['Features.NvmeSupport']),
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
