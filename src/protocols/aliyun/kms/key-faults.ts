/** Rows that several actions of the KMS have. Its gateway has words of its own for what is missing and for who may not. */
import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault, Faults } from '../fault.ts';

export const missing = {
  status: 400,
  code: 'MissingParameter',
  message: 'The parameter "%s" is needed but not provided.',
  when: 'a mandatory parameter is missing or empty',
} as const satisfies Fault;

export const noPermission = {
  status: 403,
  code: 'Forbidden.NoPermission',
  message: 'This operation is forbidden by permission system.',
  when: "the caller's role or agency does not allow the action",
} as const satisfies Fault;

export const aliasNotFound = {
  status: 404,
  code: 'Forbidden.AliasNotFound',
  message: 'The specified Alias is not found.',
  when: 'the account has no such alias in the region',
} as const satisfies Fault;

export const limitExceeded = {
  status: 400,
  code: 'Rejected.LimitExceeded',
  message: 'The request was rejected because user create resource limit was exceeded.',
  when: 'the account has as many as it may have',
} as const satisfies Fault;

export const unsupported = {
  status: 400,
  code: 'Rejected.UnsupportedOperation',
  message: 'Unsupported operation.',
  when: 'what is asked for is nothing that keys can do here',
} as const satisfies Fault;

/** Of a key that is in a state in which the action changes nothing. */
export const stateRefused = {
  status: 409,
  code: 'Rejected.StateModifiedFailed',
  message: 'Keystate modified failed.',
  when: 'the key is in a state that the action cannot change',
} as const satisfies Fault;

/** Of every action that takes the id of a key. */
export const keyFaults = {
  missing,
  unsupportedAlias: {
    status: 400,
    code: 'Unsupported.Alias',
    message: 'Alias is not valid for this api.',
    when: 'KeyId is an alias where only an id will do',
  },
  noPermission,
  keyNotFound: {
    status: 404,
    code: 'Forbidden.KeyNotFound',
    message: 'The specified Key is not found.',
    when: "the account has no key of this id in the request's region",
  },
} as const satisfies Faults;

export const keyRefusals = {
  forbidden: noPermission,
  'key.not-found': keyFaults.keyNotFound,
} as const satisfies RefusalFaults<Fault>;

/** What the core has against the one parameter whose rule it knows better. */
export function invalid(parameter: string): () => FaultError<Fault> {
  return () => new FaultError(commonFaults.invalidParameter, parameter);
}
