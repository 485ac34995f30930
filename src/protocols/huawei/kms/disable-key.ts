import { disableKey as disable } from '../../../app/keys/change-key.ts';
import { findKey } from '../../../app/keys/find-key.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { changeFaults } from './key-faults.ts';
import { namingKey } from './key-parameters.ts';
import { stateNumberOf } from './key-view.ts';

export const disableKeyFaults = {
  ...changeFaults,
  notEnabled: {
    status: 400,
    code: 'KMS.1301',
    message: 'The key is not enabled.',
    when: 'the key is disabled, is to be deleted, or has no material yet',
  },
} as const satisfies Faults;
const { notEnabled } = disableKeyFaults;

export const disableKey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/disable-key',
  name: 'DisableKey',
  summary: 'Disables a key: what it has encrypted is readable nowhere until it is enabled again.',
  right: 'key.manage',
  deed: 'key.disable',
  body: namingKey,
  faults: disableKeyFaults,
  // Where it was enabled a moment ago.
  refusals: { 'key.pending-deletion': notEnabled, 'key.pending-import': notEnabled },
  async handle({ context, caller, scope, parameters }) {
    const found = await findKey(context, caller, parameters.key_id, scope);
    if (found.state !== 'enabled') throw new FaultError(notEnabled);
    const key = await disable(context, caller, found.id);
    return { body: { key_info: { key_id: key.id, key_state: stateNumberOf(key) } } };
  },
});
