import { disableKey as disableOwnKey } from '../../../app/keys/change-key.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { keyFaults, keyRefusals, stateRefused, unsupported } from './key-faults.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const disableKeyFaults = {
  ...keyFaults,
  unsupported: { ...unsupported, when: "the key is the region's default key" },
  stateRefused: { ...stateRefused, when: 'the key is PendingDeletion or PendingImport' },
} as const satisfies Faults;

export const disableKey = operation({
  service: 'kms',
  action: 'DisableKey',
  summary: 'Disables a key: what it has encrypted cannot be read until it is enabled again.',
  right: 'key.manage',
  deed: 'key.disable',
  parameters: keyParameters,
  faults: disableKeyFaults,
  refusals: {
    ...keyRefusals,
    'key.pending-deletion': disableKeyFaults.stateRefused,
    'key.pending-import': disableKeyFaults.stateRefused,
    'key.default': disableKeyFaults.unsupported,
  },
  async handle(request) {
    const { id } = await findNamedKey(request);
    await disableOwnKey(request.context, request.caller, id);
    return {};
  },
});
