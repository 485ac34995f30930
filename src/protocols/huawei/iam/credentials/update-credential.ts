import { updateAccessKey } from '../../../../app/tenants/access-keys.ts';
import { object, oneOf, required, text } from '../../../shared/parameters.ts';
import { operation } from '../../operation.ts';
import { credentialFaults, keyRefusals } from './credential-faults.ts';
import { accessKeyId } from './credential-parameters.ts';
import { viewCredential } from './credential-view.ts';

const { malformed, forbidden, keyNotFound } = credentialFaults;

const changes = object(
  {
    status: oneOf(['active', 'inactive'], malformed),
    description: text({ rule: 'at most 255 characters', fault: malformed }),
  },
  malformed,
);

export const updateCredential = operation({
  service: 'iam',
  method: 'PUT',
  route: '/v3.0/OS-CREDENTIAL/credentials/{access_key}',
  name: 'UpdatePermanentAccessKey',
  summary: 'Changes what is given. An inactive key is refused at once, with all that was made with it.',
  right: 'access-key.manage',
  path: { access_key: accessKeyId },
  body: { credential: required(changes, malformed) },
  faults: { malformed, forbidden, keyNotFound },
  refusals: keyRefusals,
  async handle({ context, caller, parameters }) {
    const { status, description } = parameters.credential;
    const disabled = status === undefined ? undefined : status === 'inactive';
    const key = await updateAccessKey(context, caller, parameters.access_key, { description, disabled });
    return { body: { credential: viewCredential(key) } };
  },
});
