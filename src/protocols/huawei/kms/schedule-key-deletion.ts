import { findKey } from '../../../app/keys/find-key.ts';
import { scheduleKeyDeletion as schedule } from '../../../app/keys/key-deletion.ts';
import { mostDeletionDays } from '../../../domain/key.ts';
import { required, whole } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { changeFaults } from './key-faults.ts';
import { namingKey } from './key-parameters.ts';
import { stateNumberOf } from './key-view.ts';

/** The cloud's; a configuration may ask for more. */
const fewestDays = 7;

export const scheduleKeyDeletionFaults = {
  ...changeFaults,
  daysInvalid: {
    status: 400,
    code: 'KMS.1401',
    message: 'The deletion of CMKs can be scheduled by 7 to 1096 days in advance.',
    when: 'pending_days is no whole number from 7 to 1096, or fewer than the setting `keyDeletionDays`',
  },
  pendingDeletion: {
    status: 400,
    code: 'KMS.1402',
    message: 'The key is in the Pending deletion status.',
    when: 'the key is to be deleted already',
  },
} as const satisfies Faults;
const { daysInvalid, parameterMissing, pendingDeletion } = scheduleKeyDeletionFaults;

export const scheduleKeyDeletion = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/schedule-key-deletion',
  name: 'DeleteKey',
  summary: 'Has a key destroyed after some days, with all that it has encrypted; it cannot be used from now on.',
  right: 'key.manage',
  deed: 'key.schedule-deletion',
  body: {
    ...namingKey,
    pending_days: required(whole({ least: fewestDays, most: mostDeletionDays, fault: daysInvalid }), parameterMissing),
  },
  faults: scheduleKeyDeletionFaults,
  refusals: { 'request.invalid': daysInvalid, 'key.pending-deletion': pendingDeletion },
  async handle({ context, caller, scope, parameters }) {
    const found = await findKey(context, caller, parameters.key_id, scope);
    const key = await schedule(context, caller, found.id, parameters.pending_days);
    return { body: { key_id: key.id, key_state: stateNumberOf(key) } };
  },
});
