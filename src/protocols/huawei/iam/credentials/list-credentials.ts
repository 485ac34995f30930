import { listAccessKeys } from '../../../../app/tenants/access-keys.ts';
import { FaultError } from '../../../shared/faults.ts';
import { text } from '../../../shared/parameters.ts';
import { readId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { credentialFaults, userRefusals } from './credential-faults.ts';
import { viewCredential } from './credential-view.ts';

const { forbidden, userNotFound } = credentialFaults;

export const listCredentials = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3.0/OS-CREDENTIAL/credentials',
  name: 'ListPermanentAccessKeys',
  summary: "Lists a user's access keys, oldest first: the caller's own, and for owners those of everybody.",
  right: 'access-key.read',
  query: { user_id: text({ rule: "the caller's own by default", fault: userNotFound }) },
  faults: { forbidden, userNotFound },
  refusals: userRefusals,
  async handle({ context, caller, parameters }) {
    const { user_id } = parameters;
    const user = user_id ? readId(user_id) : 'self';
    if (user === undefined) throw new FaultError(userNotFound, user_id);
    const keys = await listAccessKeys(context, caller, user);
    return { body: { credentials: keys.map(viewCredential) } };
  },
});
