/** What is said of keys where an image can be encrypted (reference §2.1, §9.2, §10.6). */
import type { Image } from '../../../domain/image.ts';
import { isRefusal } from '../../../domain/refusal.ts';
import { FaultError, unused } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Fault, Faults } from '../fault.ts';

/** Of what is to be encrypted. */
export const keyFaults = {
  keyNotFound: {
    status: 400,
    code: 'IMG.0095',
    message: 'The KMS key does not exist.',
    when: "cmk_id is no id of a key of the account in the request's region",
  },
  keyDisabled: {
    status: 400,
    code: 'IMG.0097',
    message: 'The key is not enabled.',
    when: 'the key is disabled, is to be deleted, or has no material yet',
  },
  keyDenied: {
    status: 400,
    code: 'IMG.0099',
    message: 'You do not have the permission to access the key.',
    when: 'the key is not granted to the image service; or the installation has no keys of customers in the region, or not for the account',
  },
  ...unused('how often keys are used has no limit here', [
    [400, 'IMG.0187', 'KMS access traffic has reached the upper limit.'],
  ]),
} as const satisfies Faults;
const { keyNotFound, keyDisabled, keyDenied } = keyFaults;

/** Of images with a system. */
export const bareMetalFaults = {
  isBareMetal: {
    status: 400,
    code: 'IMG.0118',
    message: 'The BMS image does not support KMS encryption.',
    when: 'cmk_id is given, and the image is one of bare metal',
  },
} as const satisfies Faults;

export const keyRefusals = {
  'key.not-found': keyNotFound,
  'key.other-region': keyNotFound,
  'key.disabled': keyDisabled,
  'key.not-granted': keyDenied,
  'key.region': keyDenied,
  'key.account': keyDenied,
} as const satisfies RefusalFaults<Fault>;

/** Of what is encrypted already and is copied. */
export const sourceKeyFaults = {
  sourceKeyNotFound: {
    status: 400,
    code: 'IMG.0101',
    message: 'The original key does not exist.',
    when: 'the key that the image is encrypted with is gone',
  },
  sourceKeyDisabled: {
    status: 400,
    code: 'IMG.0102',
    message: 'The original key is not enabled.',
    when: 'the key that the image is encrypted with is disabled, or is to be deleted',
  },
  sourceKeyDenied: {
    status: 400,
    code: 'IMG.0103',
    message: 'You do not have the permission to access the original key.',
    when: 'the key that the image is encrypted with is no longer granted to the image service',
  },
} as const satisfies Faults;

const sourceKeyRefusals = {
  'key.not-found': sourceKeyFaults.sourceKeyNotFound,
  'key.disabled': sourceKeyFaults.sourceKeyDisabled,
  'key.not-granted': sourceKeyFaults.sourceKeyDenied,
} as const satisfies RefusalFaults<Fault>;

/** The core says of either key the same: this is a no about one that the image is encrypted with, if it is one. */
export function sourceKeyFaultOf(error: unknown, { disks }: Pick<Image, 'disks'>): FaultError<Fault> | undefined {
  for (const code of Object.keys(sourceKeyRefusals) as (keyof typeof sourceKeyRefusals)[]) {
    if (!isRefusal(error, code)) continue;
    const isSource = disks.some(({ key }) => key === error.facts.key);
    return isSource ? new FaultError(sourceKeyRefusals[code], '', { cause: error }) : undefined;
  }
  return undefined;
}
