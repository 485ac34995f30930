/** What the key management service says no with, whichever operation is asked for, and what the core's refusals become there. */
import type { RefusalFaults } from '../shared/refusals.ts';
import type { Fault, Faults } from './fault.ts';

export const kmsFaults = {
  jsonInvalid: {
    status: 400,
    code: 'KMS.0202',
    message: 'Invalid JSON format of the request message.',
    when: 'the body is no JSON object',
  },
  parameterMissing: {
    status: 400,
    code: 'KMS.0204',
    message: 'Parameters missing in the request message.',
    when: 'a parameter that is required is missing or empty',
  },
  keyIdInvalid: {
    status: 400,
    code: 'KMS.0205',
    message: 'Invalid key ID.',
    when: 'key_id is no UUID, nor alias/ and an alias where the operation takes that',
  },
  sequenceInvalid: {
    status: 400,
    code: 'KMS.0206',
    message: 'Invalid sequence number.',
    when: 'sequence has another length than 36',
  },
  // As the cloud was seen to answer; its documentation has other words.
  keyNotFound: {
    status: 404,
    code: 'KMS.0207',
    message: 'Nonexistent key.',
    when: 'the account has no such key in the region',
  },
  isDefault: {
    status: 400,
    code: 'KMS.0211',
    message: 'Cannot perform this operation on Default Master Keys.',
    when: 'the key is the one that the region uses where no other is named',
  },
  projectInvalid: {
    status: 403,
    code: 'KMS.0305',
    message: 'Invalid X-Auth-Token Project Name.',
    when: 'the project of the path is not that of the token or of X-Project-Id',
  },
  forbidden: {
    status: 403,
    code: 'KMS.0307',
    message: 'The user role has no permission to access the API.',
    when:
      "the caller's role does not allow it; the caller acts by an agency in some projects only, and does more than use a key: " +
      'keys lie in none; or the installation has no keys of customers in the region, or not for the account',
  },
  parameterInvalid: {
    status: 400,
    code: 'KMS.0308',
    message: 'Invalid parameter.',
    when: 'a parameter is none of the words that it may be, and has no row of its own',
  },
} as const satisfies Faults;

/** Of the service as a whole. */
export const unusedKmsFaults = {
  kmsError: {
    status: 500,
    code: 'KMS.0101',
    message: 'KMS error.',
    never: 'what fails here is APIGW.0601',
  },
  kmsUrl: {
    status: 400,
    code: 'KMS.0201',
    message: 'Invalid request URL.',
    never: 'a path that is none is APIGW.0101',
  },
  kmsBodyTooLong: {
    status: 400,
    code: 'KMS.0203',
    message: 'Request message too long.',
    never: 'the gateway says so first: APIGW.0201',
  },
  kmsTokenMissing: {
    status: 403,
    code: 'KMS.0301',
    message: 'The value of X-Auth-Token is null or invalid.',
    never: 'the gateway says so first: APIGW.0301',
  },
  kmsTokenInvalid: {
    status: 403,
    code: 'KMS.0302',
    message: 'Invalid X-Auth-Token.',
    never: 'the gateway says so first: APIGW.0301',
  },
  kmsTokenExpired: {
    status: 403,
    code: 'KMS.0303',
    message: 'X-Auth-Token has expired.',
    never: 'the gateway says so first: APIGW.0301',
  },
  kmsKeyDenied: {
    status: 403,
    code: 'KMS.0306',
    message: 'The user has no permission to access the key.',
    never:
      "another account's key does not exist for the caller, and of the account's own no key is kept from some users",
  },
} as const satisfies Faults;

/** Those that an operation of the service can meet. */
export const kmsRefusals: RefusalFaults<Fault> = {
  'request.invalid': kmsFaults.parameterInvalid,
  forbidden: kmsFaults.forbidden,
  'key.not-found': kmsFaults.keyNotFound,
  'key.default': kmsFaults.isDefault,
  'key.region': kmsFaults.forbidden,
  'key.account': kmsFaults.forbidden,
};
