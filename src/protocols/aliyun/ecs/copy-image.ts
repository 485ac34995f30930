import { copyImages } from '../../../app/copy-images.ts';
import { type FailureCode, FailureError } from '../../../domain/failure.ts';
import { isUuid } from '../../../domain/ids.ts';
import type { ImageIds } from '../../../domain/image.ts';
import { isRefusal } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { aliyunCopyPolicies } from '../copy-policy.ts';
import type { Fault, Page } from '../fault.ts';
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

/** In the words of the core. Which algorithm is asked for only the newer page minds. */
function encryptionOf({ Encrypted, KMSKeyId, EncryptAlgorithm }: EncryptionAsked, page: Page): string {
  const algorithm = page === 'newer' ? readAlgorithm(EncryptAlgorithm) : undefined;
  if (!Encrypted) {
    if (KMSKeyId !== undefined) throw new FaultError(faults.keyWithoutEncryption);
    if (algorithm !== undefined) throw new FaultError(faults.algorithmWithoutEncryption);
    return 'none';
  }
  if (algorithm === 'sm4-128') throw new FaultError(faults.algorithmUnsupported);
  // Aliases and other words mean something in the core, but not here.
  if (KMSKeyId !== undefined && !isUuid(KMSKeyId)) throw new FaultError(faults.keyNotFound);
  return KMSKeyId ?? 'default';
}

/** What the core throws, where that alone does not say which row it is. */
function toCopyError(error: unknown, encryption: string): unknown {
  const as = (fault: Fault) => new FaultError(fault, '', { cause: error });
  // A data key is all that the key provider was asked for.
  const isOfProvider = error instanceof FailureError && providerFailures.includes(error.code);
  if (isOfProvider) return as(faults.dataKeyFailed);
  // Of a key that was not asked for: the image is encrypted with it.
  if (isRefusal(error, 'key.not-found') && error.facts.key !== encryption) return as(faults.imageNotAvailable);
  if (isRefusal(error, 'key.not-granted') && error.facts.key !== encryption) return as(faults.kmsServiceUnauthorized);
  return error;
}

const providerFailures: readonly FailureCode[] = ['key-provider-unavailable', 'image-damaged'];

/** Answers at once with the new image's id, which DescribeImages shows from then on: Waiting, Creating, Available. */
export const copyImage = operation({
  service: 'ecs',
  action: 'CopyImage',
  summary: 'Copies an image to another region, or encrypts it in its own.',
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
    'image.encrypted': faults.encryptedSnapshot,
    'copy.decrypting': faults.encryptedToPlain,
    'key.not-found': faults.keyNotFound,
    'key.other-region': faults.keyNotFound,
    'key.disabled': faults.keyNotEnabled,
    'key.not-granted': faults.kmsUnauthorized,
    'key.region': ({ own }) => new FaultError(own ? faults.keysUnsupported : faults.kmsNotEnabled),
    'key.account': faults.notInvited,
  },
  olderRefusals: {
    'copy.source': faults.sharedElsewhere,
    'copy.conflict': faults.beingCopied,
    'key.region': faults.keysUnsupported,
  },
  async handle({ context, caller, parameters }) {
    const { RegionId, ImageId, DestinationRegionId, ClientToken, DryRun } = parameters;
    if (!context.regions.includes(RegionId)) throw new FaultError(faults.sourceRegionNotFound);
    requireImageId(ImageId);
    const encryption = encryptionOf(parameters, context.page);
    const command = {
      policy: aliyunCopyPolicies[context.page],
      images: [ImageId],
      sourceRegion: RegionId,
      regions: [DestinationRegionId],
      name: parameters.DestinationImageName,
      description: parameters.DestinationDescription,
      resourceGroup: parameters.ResourceGroupId,
      tags: parameters.Tag,
      encryption,
    };
    const options = { token: ClientToken, dryRun: DryRun, triesKeys: true };
    const { images } = await copyImages(context, caller, command, options).catch((error: unknown) => {
      throw toCopyError(error, encryption);
    });
    return { ImageId: (images[0] as ImageIds).aliyunId };
  },
});
