/** What CreateImage and ImportImage are told alike of a new image. */
import { architectures, type ImageAttributes, imdsVersions } from '../../../domain/image-attributes.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, type Read } from '../../shared/parameters.ts';
import { keyOf } from '../../shared/words.ts';
import type { Fault } from '../fault.ts';
import { flag, text } from '../parameters.ts';
import { resourceGroupText } from './ids.ts';
import { bootModes } from './image-words.ts';
import { newImageFaults as faults } from './new-image-faults.ts';
import { tags } from './tag-parameters.ts';
import { clientToken, descriptionText, nameText } from './text-parameters.ts';

interface OwnFaults {
  readonly descriptionMalformed: Fault;
  readonly bootModeMalformed: Fault;
}

/** `own`: of what the two pages word each in their own way. */
export function newImageParameters({ descriptionMalformed, bootModeMalformed }: OwnFaults) {
  return {
    ImageName: nameText(faults.nameMalformed),
    Description: descriptionText(descriptionMalformed),
    Architecture: oneOf(architectures, faults.architectureMalformed),
    Platform: text({
      rule: '1 to 128 characters, no space at either end, no control characters',
      fault: faults.platformMalformed,
      matches: /^(?! )\P{Cc}{1,128}(?<! )$/u,
    }),
    BootMode: oneOf(Object.values(bootModes), bootModeMalformed),
    'Features.ImdsSupport': oneOf(imdsVersions, faults.imdsInvalid),
    ResourceGroupId: resourceGroupText(faults.resourceGroupNotFound),
    Tag: tags,
    ClientToken: clientToken,
    DryRun: flag(),
  };
}

type Asked = Read<ReturnType<typeof newImageParameters>>;

/** In the words of the domain; what was not said is left out. */
export function newImageOf(asked: Asked, attributes: ImageAttributes) {
  const { Architecture, BootMode } = asked;
  if (Architecture === 'arm64' && BootMode !== undefined && BootMode !== 'UEFI') {
    throw new FaultError(faults.bootModeUnfit);
  }
  const said: ImageAttributes = {
    ...attributes,
    architecture: Architecture,
    platform: asked.Platform,
    bootMode: keyOf(bootModes, BootMode),
    imdsSupport: asked['Features.ImdsSupport'],
  };
  return {
    name: asked.ImageName ?? null,
    description: asked.Description ?? '',
    rootDevice: 'cloud-disk',
    attributes: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as ImageAttributes,
    tags: asked.Tag,
    resourceGroup: asked.ResourceGroupId,
  } as const;
}

/** How the request is to be done. */
export function optionsOf({ ClientToken, DryRun }: Asked) {
  return { token: ClientToken, dryRun: DryRun, uniqueName: true };
}
