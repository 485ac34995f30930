/** What the service says to whoever names a key. */
import type { Faults } from '../fault.ts';
import { kmsFaults } from '../kms-faults.ts';

const { jsonInvalid, parameterMissing, keyIdInvalid, sequenceInvalid } = kmsFaults;
const { keyNotFound, isDefault, projectInvalid, forbidden } = kmsFaults;

export const keyFaults = {
  jsonInvalid,
  parameterMissing,
  keyIdInvalid,
  sequenceInvalid,
  keyNotFound,
  projectInvalid,
  forbidden,
  keyDisabled: {
    status: 400,
    code: 'KMS.0209',
    message: 'The key has been disabled.',
    never: 'the operation does not use the key',
  },
  keyPendingDeletion: {
    status: 400,
    code: 'KMS.0210',
    message: 'The key is in Scheduled deletion state and cannot be used.',
    never:
      'the operation does not use the key; where a deletion is in the way of a change, the operation has a row for it',
  },
} as const satisfies Faults;

/** Of what can be done to all keys but a region's default one. */
export const changeFaults = { ...keyFaults, isDefault } as const satisfies Faults;
