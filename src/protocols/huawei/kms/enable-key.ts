import { enableKey as enable } from '../../../app/keys/change-key.ts';
import { findKey } from '../../../app/keys/find-key.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { changeFaults } from './key-faults.ts';
import { namingKey } from './key-parameters.ts';
import { stateNumberOf } from './key-view.ts';

export const enableKeyFaults = {
  ...changeFaults,
  notDisabled: {
    status: 400,
    code: 'KMS.1201',
    message: 'The key is not disabled.',
    when: 'the key is enabled, is to be deleted, or has no material yet',
  },
} as const satisfies Faults;
const { isDefault, notDisabled } = enableKeyFaults;

export const enableKey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/enable-key',
  name: 'EnableKey',
  summary: 'Lets a disabled key be used again.',
  right: 'key.manage',
  deed: 'key.enable',
  body: namingKey,
  faults: enableKeyFaults,
  // Where it was disabled a moment ago.
  refusals: { 'key.pending-deletion': notDisabled, 'key.pending-import': notDisabled },
  async handle({ context, caller, scope, parameters }) {
    const found = await findKey(context, caller, parameters.key_id, scope);
    if (found.isDefault) throw new FaultError(isDefault);
    if (found.state !== 'disabled') throw new FaultError(notDisabled);
    const key = await enable(context, caller, found.id);
    return { body: { key_info: { key_id: key.id, key_state: stateNumberOf(key) } } };
  },
});
