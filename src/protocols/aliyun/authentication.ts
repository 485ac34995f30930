/** Who sends a request. The order of the checks, each with its fault, is that of reference §1.6. */
import { accessKeyIdPattern, findSigningKey, isKey, rememberNonce } from '../../app/authenticate.ts';
import type { AppContext } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { FaultError } from '../shared/faults.ts';
import { readSecond } from '../shared/times.ts';
import { readAcs3Signature } from './acs3-signature.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import type { AliyunRequest } from './request.ts';
import { readRpcSignature } from './rpc-signature.ts';

const { keyNotFound, nonceUsed, timestampExpired, timestampMalformed } = commonFaults;
const { tokenExpired, tokenMalformed, tokenMissing, tokenOfOthers } = commonFaults;

export interface AuthenticationOptions {
  readonly context: AppContext;
  /** How far a timestamp may be off. */
  readonly clockMs: number;
}

const tokenPattern = /^[\w.~+/=-]{1,4096}$/;

export async function authenticate(
  request: AliyunRequest,
  { context, clockMs }: AuthenticationOptions,
): Promise<Principal> {
  const signature = request.scheme === 'acs3' ? readAcs3Signature(request) : readRpcSignature(request);
  const { accessKeyId, securityToken, nonce } = signature;
  if (!accessKeyIdPattern.test(accessKeyId)) throw new FaultError(keyNotFound);
  if (securityToken !== undefined && !tokenPattern.test(securityToken)) throw new FaultError(tokenMalformed);
  // The cloud tells an unknown key from a wrong signature, so nothing is gained by taking as long for the one as for the other.
  const key = await findSigningKey(context, accessKeyId, securityToken);
  if (key === undefined) throw new FaultError(await whyNot(context, accessKeyId, securityToken));
  const sentAt = readSecond(signature.timestamp);
  if (sentAt === undefined) throw new FaultError(timestampMalformed);
  if (Math.abs(context.clock.now() - sentAt) > clockMs) throw new FaultError(timestampExpired);
  signature.verify(key.secret);
  // Only now: nobody but the key's holder can use its nonces up. From then on the timestamp alone refuses the request.
  if (!(await rememberNonce(context, accessKeyId, nonce, sentAt + clockMs + 1))) throw new FaultError(nonceUsed);
  key.noteUse();
  return key.principal;
}

/** Of a key and a token that do not go together. */
async function whyNot(context: AppContext, accessKeyId: string, securityToken: string | undefined): Promise<Fault> {
  const isThere = await isKey(context, accessKeyId);
  if (securityToken === undefined) return isThere ? tokenMissing : keyNotFound;
  return isThere ? tokenOfOthers : tokenExpired;
}
