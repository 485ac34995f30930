import { createAccessKey } from '../../../../app/tenants/access-keys.ts';
import { object, required, text } from '../../../shared/parameters.ts';
import { readId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { credentialFaults, userRefusals } from './credential-faults.ts';
import { viewCredential } from './credential-view.ts';

const { malformed, tooMany, forbidden, userNotFound } = credentialFaults;

const credential = object(
  {
    user_id: required(
      text({
        rule: '32 hexadecimal digits',
        fault: malformed,
        matches: (id) => id === '' || readId(id) !== undefined,
      }),
      malformed,
    ),
    description: text({ rule: 'at most 255 characters', fault: malformed }),
  },
  malformed,
);

export const createCredential = operation({
  service: 'iam',
  method: 'POST',
  route: '/v3.0/OS-CREDENTIAL/credentials',
  name: 'CreatePermanentAccessKey',
  summary: "Makes an access key: anybody one of his own, owners everybody's. Its secret is shown this once.",
  right: 'access-key.manage',
  body: { credential: required(credential, malformed) },
  faults: { malformed, tooMany, forbidden, userNotFound },
  refusals: { ...userRefusals, 'access-key.limit': tooMany },
  async handle({ context, caller, parameters }) {
    const { user_id, description = '' } = parameters.credential;
    const { secret, ...key } = await createAccessKey(context, caller, readId(user_id) ?? user_id, { description });
    return { status: 201, body: { credential: { ...viewCredential(key), secret } } };
  },
});
