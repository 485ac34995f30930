import { copyImages } from '../../../app/copy-images.ts';
import type { ImageIds } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { aliyunCopyPolicies } from '../copy-policy.ts';
import type { Page } from '../fault.ts';
import { operation } from '../operation.ts';
import { flag, required, text } from '../parameters.ts';
import { copyFaults as faults } from './copy-faults.ts';
import { resourceGroupText } from './ids.ts';
import { requireImageId } from './named-image.ts';
import { tags } from './tag-parameters.ts';
import { clientToken, descriptionText, nameText } from './text-parameters.ts';

interface EncryptionAsked {
  readonly Encrypted: boolean | undefined;
  readonly KMSKeyId: string | undefined;
  readonly EncryptAlgorithm: string | undefined;
}

const algorithms: readonly string[] = ['aes-256', 'sm4-128'];

function readAlgorithm(word: string | undefined): string | undefined {
  if (word !== undefined && !algorithms.includes(word)) throw new FaultError(faults.algorithmInvalid);
  return word;
}

/**
 * Whoever asks for an encrypted copy never gets a plain one: regions have no key management service yet, and say so. Each page
 * has its row for that; of the newer one's three, the one that is about what was asked for.
 */
function refuseEncryption({ Encrypted, KMSKeyId, EncryptAlgorithm }: EncryptionAsked, page: Page): void {
  const algorithm = page === 'newer' ? readAlgorithm(EncryptAlgorithm) : undefined;
  if (!Encrypted) {
    if (KMSKeyId !== undefined) throw new FaultError(faults.keyWithoutEncryption);
    if (algorithm !== undefined) throw new FaultError(faults.algorithmWithoutEncryption);
    return;
  }
  if (algorithm !== undefined) throw new FaultError(faults.algorithmUnsupported);
  if (KMSKeyId !== undefined || page === 'older') throw new FaultError(faults.keysUnsupported);
  throw new FaultError(faults.kmsNotEnabled);
}

/** Answers at once with the new image's id, which DescribeImages shows from then on: Waiting, Creating, Available. */
export const copyImage = operation({
  service: 'ecs',
  action: 'CopyImage',
  summary: 'Copies an image to another region.',
  right: 'copy.create',
  parameters: {
    RegionId: required(text()),
    ImageId: required(text()),
    DestinationRegionId: required(text(), faults.destinationIsSource),
    DestinationImageName: nameText(faults.nameMalformed, faults.nameReserved),
    DestinationDescription: descriptionText(faults.descriptionMalformed),
    Encrypted: flag(),
    KMSKeyId: text(),
    EncryptAlgorithm: text({
      rule: `one of ${algorithms.join(', ')}; ignored on the older page`,
      fault: commonFaults.invalidParameter,
    }),
    ResourceGroupId: resourceGroupText(faults.resourceGroupNotFound),
    Tag: tags,
    ClientToken: clientToken,
    DryRun: flag(),
  },
  faults,
  refusals: {
    forbidden: faults.unauthorized,
    'region.not-found': faults.destinationRegionNotFound,
    'image.not-found': ({ image }) => new FaultError(faults.imageNotFound, image),
    'image.not-readable': faults.imageNotAvailable,
    'image.name-taken': faults.nameTaken,
    'copy.same-region': faults.destinationIsSource,
    'copy.source': ({ owner }) => new FaultError(owner === 'public' ? faults.communityImage : faults.sharedElsewhere),
    'copy.shared-region': faults.sharedElsewhere,
    'copy.conflict': faults.copyConflict,
    'copy.kind': faults.notBootable,
    'copy.size': faults.tooLarge,
  },
  olderRefusals: { 'copy.source': faults.sharedElsewhere, 'copy.conflict': faults.beingCopied },
  async handle({ context, caller, parameters }) {
    const { RegionId, ImageId, DestinationRegionId, ClientToken, DryRun } = parameters;
    if (!context.regions.includes(RegionId)) throw new FaultError(faults.sourceRegionNotFound);
    requireImageId(ImageId);
    refuseEncryption(parameters, context.page);
    const command = {
      policy: aliyunCopyPolicies[context.page],
      images: [ImageId],
      sourceRegion: RegionId,
      regions: [DestinationRegionId],
      name: parameters.DestinationImageName,
      description: parameters.DestinationDescription,
      resourceGroup: parameters.ResourceGroupId,
      tags: parameters.Tag,
    };
    const { images } = await copyImages(context, caller, command, { token: ClientToken, dryRun: DryRun });
    return { ImageId: (images[0] as ImageIds).aliyunId };
  },
});
