import { createImageFromSnapshots as createOfSnapshots } from '../../../app/create-image-from-snapshots.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { snapshotRefusals } from '../disk/named-snapshot.ts';
import { bootModes } from '../image-words.ts';
import { operation } from '../operation.ts';
import { cloudDisks, findDisks } from './cloud-disks.ts';
import { createImageFromSnapshotsFaults as faults } from './create-image-from-snapshots-faults.ts';
import { imageDescription, imageName } from './image-texts.ts';

const { parameterInvalid, parameterMissing } = commonFaults;

/** Of both of the cloud's spellings of the last but one. */
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

/** No byte moves: the image stands on these very snapshots, and is ready at once. */
export const createImageFromSnapshots = operation({
  service: 'vm',
  method: 'POST',
  route: '/images:createImageFromSnapshots',
  name: 'createImageFromSnapshots',
  summary: 'Makes an image of snapshots.',
  right: 'image.create',
  body: {
    name: required(imageName, parameterMissing),
    platform: required(oneOf(platforms, parameterInvalid), parameterMissing),
    architecture: required(oneOf(['x86_64', 'arm64'], parameterInvalid), parameterMissing),
    bootMode: oneOf(bootModes, parameterInvalid),
    cloudDisks,
    osVersion: text({
      rule: 'at most 128 characters, no space at either end, no control characters',
      fault: parameterInvalid,
      matches: /^(?! )\P{Cc}{0,128}(?<! )$/u,
    }),
    description: imageDescription,
    clientToken: text({
      rule: '1 to 64 characters; the same token with the same request is done once',
      fault: parameterInvalid,
      matches: /^.{1,64}$/su,
    }),
  },
  faults,
  refusals: {
    ...snapshotRefusals,
    'request.idempotency-mismatch': faults.tokenUsed,
  },
  async handle({ context, caller, region, parameters }) {
    const { name, description = '', clientToken: token, platform, architecture, bootMode, osVersion } = parameters;
    // ARM has no other way to boot.
    if (architecture === 'arm64' && bootMode === 'bios') throw new FaultError(parameterInvalid, 'bootMode');
    const { snapshots, minDiskGiB } = await findDisks(context, caller, region, parameters.cloudDisks);
    const osType = platform.includes('Windows') ? ('windows' as const) : ('linux' as const);
    const said = { platform, osType, architecture, bootMode, osVersion: osVersion || undefined, minDiskGiB };
    const attributes = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    const command = { region, name, description, rootDevice: 'cloud-disk', attributes, tags: {}, snapshots } as const;
    const { result } = await createOfSnapshots(context, caller, command, { token });
    return { imageId: result.jdcloudId };
  },
});
