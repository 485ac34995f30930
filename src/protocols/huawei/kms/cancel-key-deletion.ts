import { findKey } from '../../../app/keys/find-key.ts';
import { cancelKeyDeletion as cancel } from '../../../app/keys/key-deletion.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { keyFaults } from './key-faults.ts';
import { namingKey } from './key-parameters.ts';
import { stateNumberOf } from './key-view.ts';

export const cancelKeyDeletionFaults = {
  ...keyFaults,
  notPendingDeletion: {
    status: 400,
    code: 'KMS.1501',
    message: 'The key is not in the Pending deletion status.',
    when: 'the key is not to be deleted',
  },
} as const satisfies Faults;

export const cancelKeyDeletion = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/cancel-key-deletion',
  name: 'CancelKeyDeletion',
  summary: 'Keeps a key that was to be deleted; it is disabled then, or waits for its material as before.',
  right: 'key.manage',
  deed: 'key.cancel-deletion',
  body: namingKey,
  faults: cancelKeyDeletionFaults,
  refusals: { 'key.not-pending-deletion': cancelKeyDeletionFaults.notPendingDeletion },
  async handle({ context, caller, scope, parameters }) {
    const found = await findKey(context, caller, parameters.key_id, scope);
    const key = await cancel(context, caller, found.id);
    return { body: { key_id: key.id, key_state: stateNumberOf(key) } };
  },
});
