import { findKey } from '../../../app/keys/find-key.ts';
import { kmsFaults } from '../kms-faults.ts';
import { operation } from '../operation.ts';
import { keyIdOfPath } from './key-parameters.ts';

const { forbidden, keyIdInvalid, keyNotFound, projectInvalid } = kmsFaults;

export const listKeyTagsFaults = { keyIdInvalid, keyNotFound, projectInvalid, forbidden };

/** Keys have none here. Open Telekom Cloud's Terraform asks all the same, and fails with a key that does not answer. */
export const listKeyTags = operation({
  service: 'kms',
  method: 'GET',
  route: '/v1.0/{project_id}/kms/{key_id}/tags',
  name: 'ShowKmsTags',
  summary: 'Lists the tags of a key: there are none.',
  right: 'key.read',
  path: { key_id: keyIdOfPath },
  faults: listKeyTagsFaults,
  async handle({ context, caller, scope, parameters }) {
    await findKey(context, caller, parameters.key_id, scope);
    return { body: { tags: [], existTagsNum: 0 } };
  },
});
