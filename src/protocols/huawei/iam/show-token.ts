/** What a token is, for its bearer, its user, and an owner of the user's account. */
import { findTokenSession } from '../../../app/tenants/tokens.ts';
import { FaultError } from '../../shared/faults.ts';
import { text } from '../../shared/parameters.ts';
import { type Operation, operation } from '../operation.ts';
import { subjectToken } from './subject-token.ts';
import { tokenFaults } from './token-faults.ts';
import { viewToken } from './token-view.ts';

const { malformed, tokenNotFound } = tokenFaults;

function asking(does: Pick<Operation, 'method' | 'name' | 'summary'>): Operation {
  return operation({
    ...does,
    service: 'iam',
    route: '/v3/auth/tokens',
    right: null,
    query: { nocatalog: text({ rule: 'anything leaves the catalog out', fault: malformed }) },
    faults: { malformed, tokenNotFound },
    async handle(request) {
      const { context, caller, headers, parameters } = request;
      const token = subjectToken(headers);
      const session = await findTokenSession(context, caller, token);
      if (session === undefined) throw new FaultError(tokenNotFound);
      const body = { token: await viewToken(request, session, { withCatalog: !parameters.nocatalog }) };
      return { headers: { 'x-subject-token': token }, body };
    },
  });
}

export const showToken = asking({
  method: 'GET',
  name: 'KeystoneValidateToken',
  summary: 'Shows the token in X-Subject-Token.',
});

export const checkToken = asking({
  method: 'HEAD',
  name: 'KeystoneCheckToken',
  summary: 'Says whether the token in X-Subject-Token is one.',
});
