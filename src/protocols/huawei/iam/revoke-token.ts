import { endToken } from '../../../app/tenants/tokens.ts';
import { operation } from '../operation.ts';
import { subjectToken } from './subject-token.ts';
import { tokenFaults } from './token-faults.ts';

const { malformed, tokenNotFound } = tokenFaults;

/** What was made with the token ends with it. */
export const revokeToken = operation({
  service: 'iam',
  method: 'DELETE',
  route: '/v3/auth/tokens',
  name: 'KeystoneRevokeToken',
  summary: 'Ends the token in X-Subject-Token.',
  right: 'session.delete',
  faults: { malformed, tokenNotFound },
  refusals: { 'session.not-found': tokenNotFound },
  async handle({ context, caller, headers }) {
    await endToken(context, caller, subjectToken(headers));
    return { status: 204 };
  },
});
