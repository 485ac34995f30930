/** Who sends a request: by a token, or by a signature (reference §1.3 to §1.7). */
import { accessKeyIdPattern, authenticateToken, findSigningKey } from '../../app/authenticate.ts';
import type { AppContext } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { FaultError } from '../shared/faults.ts';
import { readCompactSecond, toCompactSecond } from '../shared/times.ts';
import { commonFaults } from './common-faults.ts';
import type { Guesses } from './guesses.ts';
import type { HuaweiRequest } from './request.ts';
import { readSignature, SignatureSyntaxError } from './signature/read-signature.ts';

const { keyLocked, keyNotFound, signatureExpired, signatureMalformed, signatureWrong } = commonFaults;
const { tokenInvalid, tokenMissing } = commonFaults;

export interface AuthenticationOptions {
  readonly context: AppContext;
  /** How far the date of a signature may be off. */
  readonly clockMs: number;
  readonly guesses: Guesses;
}

export interface Proof {
  readonly principal: Principal;
  /** Of a body that is still to come: the SHA-256 in hexadecimal that it was signed with; null where it was not signed. */
  readonly bodyHash: string | null;
}

/** A signature counts before a token: it covers the request. */
export async function authenticate(request: HuaweiRequest, options: AuthenticationOptions): Promise<Proof> {
  const token = request.headers.get('x-auth-token');
  const signature = readSigned(request);
  if (signature !== undefined) return await bySignature(signature, options);
  if (token === undefined) throw new FaultError(tokenMissing);
  const principal = await authenticateToken(options.context, token);
  if (principal === undefined) throw new FaultError(tokenInvalid);
  return { principal, bodyHash: null };
}

function readSigned(request: HuaweiRequest) {
  try {
    return readSignature(request);
  } catch (error) {
    if (!(error instanceof SignatureSyntaxError)) throw error;
    throw new FaultError(signatureMalformed, error.message, { cause: error });
  }
}

async function bySignature(
  signature: NonNullable<ReturnType<typeof readSignature>>,
  { context, clockMs, guesses }: AuthenticationOptions,
): Promise<Proof> {
  const { accessKeyId, date, securityToken } = signature;
  if (!accessKeyIdPattern.test(accessKeyId)) throw new FaultError(signatureMalformed, 'the access key id is malformed');
  // The cloud tells an unknown key from a wrong signature, so nothing is gained by taking as long for the one as for the other.
  const key = await findSigningKey(context, accessKeyId, securityToken);
  if (key === undefined) throw new FaultError(keyNotFound, accessKeyId);
  // Nothing is waited for from here on, so no others are looked at meanwhile.
  if (guesses.isKeyLocked(accessKeyId)) throw new FaultError(keyLocked);
  const sentAt = readCompactSecond(date);
  if (sentAt === undefined) throw new FaultError(signatureMalformed, 'X-Sdk-Date is malformed');
  const now = context.clock.now();
  if (Math.abs(now - sentAt) > clockMs) {
    throw new FaultError(signatureExpired, `signature time:${date},server time:${toCompactSecond(now)}`);
  }
  const verdict = signature.verify(key.secret);
  if (!verdict.isRight) {
    guesses.noteWrongKey(accessKeyId);
    throw new FaultError(signatureWrong, verdict.canonicalRequest.replaceAll('\n', '|'));
  }
  guesses.noteRightKey(accessKeyId);
  key.noteUse();
  return { principal: key.principal, bodyHash: verdict.mustHash };
}
