/** What is said of keys where an image can be encrypted (reference §2.1): as long as there are none, that they do not exist. */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';

export const keyFaults = {
  keyNotFound: {
    status: 400,
    code: 'IMG.0095',
    message: 'The KMS key does not exist.',
    when: 'cmk_id is given and nothing else is wrong: no region has a key management service',
  },
  ...unused('no region has a key management service: no key is found that could be this, and no image is encrypted', [
    [400, 'IMG.0096', 'The specified KMS key ID must be different from the image key ID.'],
    [400, 'IMG.0097', 'The key is not enabled.'],
    [400, 'IMG.0099', 'You do not have the permission to access the key.'],
    [400, 'IMG.0101', 'The original key does not exist.'],
    [400, 'IMG.0102', 'The original key is not enabled.'],
    [400, 'IMG.0103', 'You do not have the permission to access the original key.'],
    [400, 'IMG.0118', 'The BMS image does not support KMS encryption.'],
    [400, 'IMG.0187', 'KMS access traffic has reached the upper limit.'],
  ]),
} as const satisfies Faults;
