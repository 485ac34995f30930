/** What IAM says to whoever makes, changes or looks at access keys, permanent or temporary. */
import { FaultError } from '../../../shared/faults.ts';
import type { RefusalFaults } from '../../../shared/refusals.ts';
import type { Faults } from '../../fault.ts';
import { toHexId } from '../../ids.ts';
import { plainFaults } from '../../plain-faults.ts';
import { tokenFaults } from '../token-faults.ts';

export const credentialFaults = {
  malformed: {
    ...plainFaults[400],
    when: 'the body is no JSON object, or lacks something, or a value breaks its rule',
  },
  tooMany: {
    status: 400,
    code: '400',
    message: 'akSkNumExceed',
    when: 'the user has as many access keys as there can be, five',
  },
  forbidden: {
    ...plainFaults[403],
    when: "the key would be another user's and the caller is no owner, or he acts by an agency, by temporary credentials or in a lesser role than his own",
  },
  keyNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find credential: %s.',
    when: 'there is no such access key, or it is not the caller’s and he no owner',
  },
  userNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find user: %s.',
    when: 'the domain has no user of this id',
  },
} as const satisfies Faults;

const { methodUnsupported, agencyNotFound, tooMany } = tokenFaults;

export const securityTokenFaults = {
  malformed: {
    ...plainFaults[400],
    when: 'the body lacks what its method needs, or a value breaks its rule; or there is a policy, which Mimeo could not keep to',
  },
  methodUnsupported: { ...methodUnsupported, when: 'methods is neither token nor assume_role alone' },
  unauthorized: {
    ...plainFaults[401],
    when: 'the token in the body is none any more, or the scope names a project or a domain that is not there for the caller',
  },
  forbidden: {
    ...plainFaults[403],
    when: 'the caller acts by an agency; assume_role: he is a viewer, or the agency grants nothing to his role',
  },
  agencyNotFound,
  tooMany,
} as const satisfies Faults;

/** Of operations that name a key. */
export const keyRefusals = {
  'access-key.not-found': ({ accessKey }) => new FaultError(credentialFaults.keyNotFound, accessKey),
} satisfies RefusalFaults;

/** Of those that name a user. */
export const userRefusals = {
  'user.not-found': ({ user }) => new FaultError(credentialFaults.userNotFound, toHexId(user)),
} satisfies RefusalFaults;
