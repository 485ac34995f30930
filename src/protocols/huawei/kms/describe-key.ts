import { findKey } from '../../../app/keys/find-key.ts';
import { operation } from '../operation.ts';
import { keyFaults } from './key-faults.ts';
import { namingKeyOrAlias, withoutMark } from './key-parameters.ts';
import { viewKey } from './key-view.ts';

export const describeKey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/describe-key',
  name: 'ListKeyDetail',
  summary: 'Shows a key, by its id or its alias.',
  right: 'key.read',
  body: namingKeyOrAlias,
  faults: keyFaults,
  async handle({ context, caller, scope, parameters }) {
    const key = await findKey(context, caller, withoutMark(parameters.key_id), scope);
    return { body: { key_info: viewKey(key) } };
  },
});
