import { cancelKeyDeletion as cancelOwnKeyDeletion } from '../../../app/keys/key-deletion.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { keyFaults, keyRefusals, stateRefused } from './key-faults.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const cancelKeyDeletionFaults = {
  ...keyFaults,
  stateRefused: { ...stateRefused, when: 'the key is not PendingDeletion' },
} as const satisfies Faults;

/** Here the key is Enabled after that, whatever it was before. */
export const cancelKeyDeletion = operation({
  service: 'kms',
  action: 'CancelKeyDeletion',
  summary: 'Keeps a key that was to be destroyed: it is Enabled again, or PendingImport if it has no material.',
  right: 'key.manage',
  deed: 'key.cancel-deletion',
  parameters: keyParameters,
  faults: cancelKeyDeletionFaults,
  refusals: { ...keyRefusals, 'key.not-pending-deletion': cancelKeyDeletionFaults.stateRefused },
  async handle(request) {
    const { id } = await findNamedKey(request);
    await cancelOwnKeyDeletion(request.context, request.caller, id, { enable: true });
    return {};
  },
});
