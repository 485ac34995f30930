import { createSession } from '../../../app/tenants/sessions.ts';
import { findTokenSession } from '../../../app/tenants/tokens.ts';
import { FaultError } from '../../shared/faults.ts';
import { object, required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { tokenFaults as faults, sessionRefusals } from './token-faults.ts';
import { identify, identity } from './token-identity.ts';
import { placeOf, scope } from './token-scope.ts';
import { viewToken } from './token-view.ts';

const fault = faults.malformed;

/** As long as the cloud's live. */
const mostSeconds = 24 * 3600;

export const createToken = operation({
  service: 'iam',
  method: 'POST',
  route: '/v3/auth/tokens',
  name: 'KeystoneCreateUserTokenByPassword',
  summary: 'Gives a token: by a password, another token, an agency (KeystoneCreateAgencyToken) or an access key.',
  right: 'open',
  query: { nocatalog: text({ rule: 'anything leaves the catalog out', fault }) },
  body: { auth: required(object({ identity: required(identity, fault), scope }, fault), fault) },
  faults,
  refusals: sessionRefusals(faults),
  async handle(request) {
    const { context, parameters } = request;
    const { auth, nocatalog } = parameters;
    const { caller, method, agency } = await identify(request, auth.identity);
    const { token } = await createSession(context, caller, {
      // Nothing else is kept of how a token was asked for, and those who look at it want to know.
      name: method,
      mostSeconds,
      agency,
      ...placeOf(auth.scope),
    });
    const session = await findTokenSession(context, caller, token);
    if (session === undefined) throw new FaultError(faults.unauthorized);
    const body = { token: await viewToken(request, session, { withCatalog: !nocatalog }) };
    return { status: 201, headers: { 'x-subject-token': token }, body };
  },
});
