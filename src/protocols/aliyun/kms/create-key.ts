import { createKey as createOwnKey } from '../../../app/keys/create-key.ts';
import { FaultError } from '../../shared/faults.ts';
import { defaulting, oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { flag, text } from '../parameters.ts';
import { limitExceeded, noPermission, unsupported } from './key-faults.ts';
import { viewKey } from './key-view.ts';
import { regionOf } from './region-of.ts';

export const createKeyFaults = {
  limitExceeded: { ...limitExceeded, when: 'the account has 200 keys in the region' },
  unsupported: {
    ...unsupported,
    when: 'EnableAutomaticRotation is true, or there is a Policy: keys do not rotate by themselves here and have none, and without it the key would be open to more than was asked for',
  },
  protectionLevel: {
    status: 400,
    code: 'Unsupported.ProtectionLevel',
    message: 'This protection level is not valid for this region',
    when: 'ProtectionLevel is HSM: there is no hardware security module',
  },
  noPermission,
  noOwnKeys: {
    ...unsupported,
    when: 'the setting keylessRegions or defaultKeyRegions has the region: accounts have no keys of their own there',
  },
  notInvited: { ...noPermission, when: "the setting keyAccounts is there without the caller's account" },
} as const satisfies Faults;

const origins = { Aliyun_KMS: 'mimeo', EXTERNAL: 'external' } as const;

/** One of origin EXTERNAL is PendingImport until its owner brings the material, by the native API. */
export const createKey = operation({
  service: 'kms',
  action: 'CreateKey',
  summary: 'Makes a key, with which images can be encrypted at once.',
  right: 'key.manage',
  deed: 'key.create',
  parameters: {
    RegionId: text(),
    Description: text({
      rule: 'at most 1024 characters',
      fault: commonFaults.invalidParameter,
      matches: (description) => description.length <= 1024,
    }),
    KeySpec: oneOf(['Aliyun_AES_256'], commonFaults.invalidParameter),
    KeyUsage: oneOf(['ENCRYPT/DECRYPT'], commonFaults.invalidParameter),
    Origin: defaulting<keyof typeof origins>(
      oneOf(['Aliyun_KMS', 'EXTERNAL'], commonFaults.invalidParameter),
      'Aliyun_KMS',
    ),
    ProtectionLevel: oneOf(['SOFTWARE', 'HSM'], commonFaults.invalidParameter),
    EnableAutomaticRotation: flag(),
    Policy: text({ rule: 'must not be given', fault: createKeyFaults.unsupported, matches: () => false }),
  },
  faults: createKeyFaults,
  refusals: {
    forbidden: noPermission,
    'key.limit': createKeyFaults.limitExceeded,
    'key.region': createKeyFaults.noOwnKeys,
    'key.account': createKeyFaults.notInvited,
  },
  async handle(request) {
    const { context, caller, parameters, signal } = request;
    const region = regionOf(request);
    if (parameters.ProtectionLevel === 'HSM') throw new FaultError(createKeyFaults.protectionLevel);
    if (parameters.EnableAutomaticRotation) throw new FaultError(createKeyFaults.unsupported);
    const { Description = '', Origin } = parameters;
    // The cloud lets ECS at an account's keys once and for all, in its RAM, so no action of the KMS grants anything.
    const wanted = { region, origin: origins[Origin], description: Description, grants: ['images'] } as const;
    const { result: key } = await createOwnKey(context, caller, wanted, { signal });
    // Its first version is as old as the key itself.
    return { KeyMetadata: viewKey(caller, key, key.version === 0 ? undefined : key) };
  },
});
