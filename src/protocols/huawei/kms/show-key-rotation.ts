import { findKey } from '../../../app/keys/find-key.ts';
import { operation } from '../operation.ts';
import { keyFaults } from './key-faults.ts';
import { namingKey } from './key-parameters.ts';

/** Days after which the cloud would rotate a key, were it not told otherwise. */
const usualInterval = 365;

/** Open Telekom Cloud's Terraform asks before it has a key deleted. */
export const showKeyRotation = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/get-key-rotation-status',
  name: 'ShowKeyRotationStatus',
  summary: 'Tells how often a key was rotated. It does not rotate by itself.',
  right: 'key.read',
  body: namingKey,
  faults: keyFaults,
  async handle({ context, caller, scope, parameters }) {
    const { version } = await findKey(context, caller, parameters.key_id, scope);
    return {
      body: {
        key_rotation_enabled: false,
        rotation_interval: usualInterval,
        // A key that waits for its material has no version yet.
        number_of_rotations: Math.max(version - 1, 0),
      },
    };
  },
});
