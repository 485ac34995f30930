/** What the service says to whoever uses a key, which data keys are wrapped with. */
import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Fault, Faults } from '../fault.ts';
import { keyFaults } from './key-faults.ts';

const { keyDisabled, keyNotFound, keyPendingDeletion } = keyFaults;

export const dataKeyFaults = {
  ...keyFaults,
  contextInvalid: {
    status: 400,
    code: 'KMS.0208',
    message: 'Invalid encryption_context.',
    when: 'encryption_context is no object of texts, or has more than 8192 characters',
  },
  keyDisabled: occurring(keyDisabled, 'the key is disabled, or has no material yet'),
  keyPendingDeletion: occurring(keyPendingDeletion, 'the key is to be deleted'),
} as const satisfies Faults;

export const dataKeyRefusals: RefusalFaults<Fault> = {
  'key.other-region': keyNotFound,
  'key.disabled': ({ state }) =>
    new FaultError(state === 'pending-deletion' ? dataKeyFaults.keyPendingDeletion : dataKeyFaults.keyDisabled),
};

/** The same row of an operation that it can occur in. */
function occurring({ status, code, message }: Omit<Fault, 'when'>, when: string) {
  return { status, code, message, when };
}

/** Rows that two operations have, with codes of their own. */
export function lengthInvalid(code: string) {
  return { status: 400, code, message: 'datakey_length must contain 512 bits.', when: 'datakey_length is not 512' };
}

export function hashMismatch(code: string, when: string) {
  return { status: 400, code, message: 'Hash verification of the data encryption key failed.', when };
}
