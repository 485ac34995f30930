/** What IAM says to whoever asks for a token, or about one. */
import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Fault, Faults } from '../fault.ts';
import { plainFaults } from '../plain-faults.ts';

export const tokenFaults = {
  malformed: {
    ...plainFaults[400],
    when: 'the body lacks what its method needs, or has a value of another type; or there is no X-Subject-Token',
  },
  methodUnsupported: {
    status: 401,
    code: '401',
    message: 'Attempted to authenticate with an unsupported method.',
    when: 'methods is not one of password, token, assume_role or, where a setting allows it, hw_ak_sk; totp is none of them',
  },
  passwordWrong: {
    status: 401,
    code: '401',
    message: 'The username or password is wrong.',
    when: 'domain, user or password is not right, or the user has no password or is disabled',
  },
  keyWrong: {
    status: 401,
    code: '401',
    message: 'The access key or secret key is wrong.',
    when: 'hw_ak_sk: there is no such key, or it is disabled, has expired or has another secret',
  },
  locked: {
    status: 401,
    code: '401',
    message: 'The user or access key is locked after too many failures. Try again in 5 minutes.',
    when: 'from the address more than five attempts with the user or, in a row, with the access key were wrong; or from all addresses more than a hundred with the user; for five minutes',
  },
  unauthorized: {
    ...plainFaults[401],
    when: 'the token in the body is none any more, or the scope names a project or a domain that is not there for the user',
  },
  forbidden: {
    ...plainFaults[403],
    when: 'assume_role: the caller is a viewer or acts by an agency already, or the agency grants nothing to his role; token: the token is an agency’s',
  },
  agencyNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find agency: %s.',
    when: "assume_role: the domain has no agency of this name that trusts the caller's domain",
  },
  tooMany: {
    ...plainFaults[413],
    when: 'the user has as many tokens and temporary access keys as there can be, 10,000',
  },
  tokenNotFound: {
    status: 404,
    code: '404',
    message: 'Could not find token.',
    when: "X-Subject-Token is no token, or has expired, or is another user's and the caller no owner",
  },
  busy: { ...plainFaults[503], when: 'too many passwords are being checked at once, or more than four of the address' },
} as const satisfies Faults;

/** Of operations that begin a session, each of which has its own words for when it refuses. */
export function sessionRefusals({ forbidden, unauthorized }: Readonly<Record<'forbidden' | 'unauthorized', Fault>>) {
  const { agencyNotFound, tooMany } = tokenFaults;
  return {
    forbidden,
    'agency.not-found': ({ agency }) => new FaultError(agencyNotFound, agency),
    'account.not-found': unauthorized,
    'project.not-found': unauthorized,
    // What proved the caller has ended since.
    'session.not-found': unauthorized,
    'session.limit': ({ limit }) => new FaultError(tooMany, `the user has ${limit} tokens`),
  } satisfies RefusalFaults;
}
