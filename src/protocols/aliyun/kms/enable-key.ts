import { enableKey as enableOwnKey } from '../../../app/keys/change-key.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { keyFaults, keyRefusals, stateRefused } from './key-faults.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const enableKeyFaults = {
  ...keyFaults,
  stateRefused: { ...stateRefused, when: 'the key is PendingDeletion or PendingImport' },
} as const satisfies Faults;

export const enableKey = operation({
  service: 'kms',
  action: 'EnableKey',
  summary: 'Enables a key.',
  right: 'key.manage',
  deed: 'key.enable',
  parameters: keyParameters,
  faults: enableKeyFaults,
  refusals: {
    ...keyRefusals,
    'key.pending-deletion': enableKeyFaults.stateRefused,
    'key.pending-import': enableKeyFaults.stateRefused,
  },
  async handle(request) {
    const { id } = await findNamedKey(request);
    await enableOwnKey(request.context, request.caller, id);
    return {};
  },
});
