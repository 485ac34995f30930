import { scheduleKeyDeletion as scheduleOwnKeyDeletion } from '../../../app/keys/key-deletion.ts';
import { whole } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { required } from '../parameters.ts';
import { invalid, keyFaults, keyRefusals, missing, stateRefused, unsupported } from './key-faults.ts';
import { findNamedKey, keyParameters } from './named-key.ts';

export const scheduleKeyDeletionFaults = {
  ...keyFaults,
  unsupported: { ...unsupported, when: "the key is the region's default key" },
  stateRefused: { ...stateRefused, when: 'the key is PendingDeletion' },
} as const satisfies Faults;

export const scheduleKeyDeletion = operation({
  service: 'kms',
  action: 'ScheduleKeyDeletion',
  summary: 'Has a key destroyed some days later. Until then it cannot be used, and the deletion can be cancelled.',
  right: 'key.manage',
  deed: 'key.schedule-deletion',
  parameters: {
    ...keyParameters,
    PendingWindowInDays: {
      ...required(whole({ least: 7, most: 366, fault: commonFaults.invalidParameter }), missing),
      rule: '7 to 366, and no fewer than the setting `keyDeletionDays`',
    },
  },
  faults: scheduleKeyDeletionFaults,
  refusals: {
    ...keyRefusals,
    'key.pending-deletion': scheduleKeyDeletionFaults.stateRefused,
    'key.default': scheduleKeyDeletionFaults.unsupported,
    'request.invalid': invalid('PendingWindowInDays'),
  },
  async handle(request) {
    const { context, caller, parameters } = request;
    const { id } = await findNamedKey(request);
    await scheduleOwnKeyDeletion(context, caller, id, parameters.PendingWindowInDays);
    return {};
  },
});
