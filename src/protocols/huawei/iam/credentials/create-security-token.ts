import { authenticateToken } from '../../../../app/authenticate.ts';
import type { AppContext, Caller } from '../../../../app/context.ts';
import { type CreateSessionCommand, createSession } from '../../../../app/tenants/sessions.ts';
import type { Principal } from '../../../../domain/principal.ts';
import { FaultError } from '../../../shared/faults.ts';
import { operation } from '../../operation.ts';
import { identityTime } from '../../times.ts';
import { sessionRefusals } from '../token-faults.ts';
import { agencyOf } from '../token-identity.ts';
import { placeOf } from '../token-scope.ts';
import { securityTokenFaults as faults } from './credential-faults.ts';
import { type AskedIdentity, auth, usualSeconds } from './security-token-parameters.ts';

/** Keys that sign requests together with their token, in X-Security-Token. */
export const createSecurityToken = operation({
  service: 'iam',
  method: 'POST',
  route: '/v3.0/OS-CREDENTIAL/securitytokens',
  name: 'CreateTemporaryAccessKeyByToken',
  summary: 'Gives a temporary access key: for a token, or by an agency (CreateTemporaryAccessKeyByAgency).',
  right: 'open',
  body: { auth },
  faults,
  refusals: sessionRefusals(faults),
  async handle(request) {
    const { identity, scope } = request.parameters.auth;
    const { caller, ...asked } = await identify(request, identity);
    const command = { ...asked, ...placeOf(scope), credentials: true };
    const { token, accessKey, expiresAt } = await createSession(request.context, caller, command);
    const times = { expires_at: identityTime(expiresAt) };
    const credential = { access: accessKey?.id, secret: accessKey?.secret, securitytoken: token, ...times };
    return { status: 201, body: { credential } };
  },
});

interface Asking {
  readonly context: AppContext;
  readonly headers: ReadonlyMap<string, string>;
  prove(): Promise<Caller>;
  admit(principal: Principal): Promise<Caller>;
}

type Asked = Pick<CreateSessionCommand, 'name' | 'mostSeconds' | 'agency'> & { readonly caller: Caller };

async function identify(asking: Asking, { methods, token, assume_role: role }: AskedIdentity): Promise<Asked> {
  const [name, ...others] = methods;
  if (others.length > 0) throw new FaultError(faults.methodUnsupported);
  if (name === 'token') {
    const caller = await findBearer(asking, token?.id);
    return { name, mostSeconds: token?.duration_seconds ?? usualSeconds, caller };
  }
  if (name !== 'assume_role') throw new FaultError(faults.methodUnsupported);
  if (role === undefined) throw new FaultError(faults.malformed, 'auth.identity.assume_role is missing');
  const { session_user: user, duration_seconds: mostSeconds = usualSeconds } = role;
  return { name: user?.name || name, mostSeconds, agency: agencyOf(role), caller: await asking.prove() };
}

/** X-Auth-Token counts before the body's token, and that before a signature, which some clients cannot leave out. */
async function findBearer({ context, headers, prove, admit }: Asking, token: string | undefined): Promise<Caller> {
  if (!token || headers.has('x-auth-token')) return await prove();
  const principal = await authenticateToken(context, token);
  if (principal === undefined) throw new FaultError(faults.unauthorized);
  return await admit(principal);
}
