import { deleteAccessKey } from '../../../../app/tenants/access-keys.ts';
import { operation } from '../../operation.ts';
import { credentialFaults, keyRefusals } from './credential-faults.ts';
import { accessKeyId } from './credential-parameters.ts';

const { forbidden, keyNotFound } = credentialFaults;

export const deleteCredential = operation({
  service: 'iam',
  method: 'DELETE',
  route: '/v3.0/OS-CREDENTIAL/credentials/{access_key}',
  name: 'DeletePermanentAccessKey',
  summary: 'Deletes an access key; the tokens and temporary keys that were made with it end.',
  right: 'access-key.delete',
  path: { access_key: accessKeyId },
  faults: { forbidden, keyNotFound },
  refusals: keyRefusals,
  async handle({ context, caller, parameters }) {
    await deleteAccessKey(context, caller, parameters.access_key);
    return { status: 204 };
  },
});
