import { createImageFromSnapshots as createOfSnapshots } from '../../../app/create-image-from-snapshots.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { bootModes } from '../image-words.ts';
import { operation } from '../operation.ts';
import { oneOf, required } from '../parameters.ts';
import { clientToken } from './client-token.ts';
import { cloudDisks, findDisks } from './cloud-disks.ts';
import { createImageFromSnapshotsFaults as faults } from './create-image-from-snapshots-faults.ts';
import { imageDescription, imageName, systemLabel } from './image-texts.ts';

const { parameterInvalid } = commonFaults;

/** The cloud writes both `Other Linux` and `Others Linux`. */
const platforms = [
  'Ubuntu',
  'CentOS',
  'OpenEuler',
  'Rocky Linux',
  'Windows Server',
  'Other Linux',
  'Others Linux',
  'Other Windows',
] as const;

const architectures = ['x86_64', 'arm64'] as const;

/** No byte moves: the image stands on these very snapshots, and is ready at once. */
export const createImageFromSnapshots = operation({
  service: 'vm',
  method: 'POST',
  route: '/images:createImageFromSnapshots',
  name: 'createImageFromSnapshots',
  summary: 'Makes an image of snapshots.',
  right: 'image.create',
  body: {
    name: required(imageName),
    platform: required(oneOf(platforms)),
    architecture: required(oneOf(architectures)),
    bootMode: required(oneOf(bootModes)),
    cloudDisks,
    osVersion: systemLabel,
    description: imageDescription,
    clientToken,
  },
  faults,
  refusals: {
    'request.idempotency-mismatch': faults.tokenUsed,
    'image.not-found': faults.imageGone,
  },
  async handle({ context, caller, region, parameters }) {
    const { name, description = '', platform, architecture, bootMode, osVersion } = parameters;
    // ARM has no other way to boot.
    if (architecture === 'arm64' && bootMode === 'bios') throw new FaultError(parameterInvalid, 'bootMode');
    const { snapshots, minDiskGiB } = await findDisks(context, caller, region, parameters.cloudDisks);
    const osType = platform.includes('Windows') ? ('windows' as const) : ('linux' as const);
    const attributes = { platform, osType, architecture, bootMode, osVersion, minDiskGiB };
    const command = { region, name, description, rootDevice: 'cloud-disk', attributes, tags: {}, snapshots } as const;
    const { result } = await createOfSnapshots(context, caller, command, { token: parameters.clientToken });
    return { imageId: result.jdcloudId };
  },
});
