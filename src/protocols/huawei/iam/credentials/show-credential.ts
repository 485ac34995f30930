import { findAccessKey } from '../../../../app/tenants/access-keys.ts';
import { operation } from '../../operation.ts';
import { identityTime } from '../../times.ts';
import { credentialFaults, keyRefusals } from './credential-faults.ts';
import { accessKeyId } from './credential-parameters.ts';
import { viewCredential } from './credential-view.ts';

const { forbidden, keyNotFound } = credentialFaults;

export const showCredential = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3.0/OS-CREDENTIAL/credentials/{access_key}',
  name: 'ShowPermanentAccessKey',
  summary: 'Shows an access key, with when it was last used; of one that never was, when it was made.',
  right: 'access-key.read',
  path: { access_key: accessKeyId },
  faults: { forbidden, keyNotFound },
  refusals: keyRefusals,
  async handle({ context, caller, parameters }) {
    const key = await findAccessKey(context, caller, parameters.access_key);
    const last_use_time = identityTime(key.lastUsedAt ?? key.createdAt);
    return { body: { credential: { ...viewCredential(key), last_use_time } } };
  },
});
