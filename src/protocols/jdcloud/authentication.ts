/** Who sends a request: the holder of the key that it is signed with (reference §1.2, §1.3). */
import { accessKeyIdPattern, findSigningKey, rememberUses } from '../../app/authenticate.ts';
import type { AppContext } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { FaultError } from '../shared/faults.ts';
import { readCompactSecond } from '../shared/times.ts';
import { commonFaults } from './common-faults.ts';
import type { JdcloudRequest } from './request.ts';
import { type Authorization, readAuthorization } from './signature/authorization.ts';
import { verifySignature } from './signature/verify-signature.ts';

const { credentialsInvalid, keyInvalid, signatureWrong } = commonFaults;

export interface AuthenticationOptions {
  readonly context: AppContext;
  /** How far `x-jdcloud-date` may be off. */
  readonly clockMs: number;
  /** Other names of this server, which clients may have signed for its host. */
  readonly hosts: readonly string[];
}

export interface Proof {
  readonly principal: Principal;
  /** As the credential's scope names it; there may be no such service here. */
  readonly service: string;
}

/** Of temporary credentials. `x-jdcloud-security-token` is a second factor, which nothing here asks for. */
const sessionHeader = 'x-jdcloud-session-token';

/** Java's client sends a request whose connection was dropped up to twice more, as it was. */
const mostUses = 3;

export async function authenticate(
  request: JdcloudRequest,
  { context, clockMs, hosts }: AuthenticationOptions,
): Promise<Proof> {
  const { headers } = request;
  const authorization = readAuthorization(headers);
  const { accessKeyId, signature, scope, date } = authorization;
  const sessionToken = headers.get(sessionHeader) || undefined;
  if (sessionToken !== undefined && !authorization.signedHeaders.includes(sessionHeader)) {
    throw new FaultError(credentialsInvalid, `${sessionHeader} has to be one of the SignedHeaders`);
  }
  // The cloud tells an unknown key from a wrong signature, so nothing is gained by taking as long for the one as for
  // the other.
  const key = accessKeyIdPattern.test(accessKeyId)
    ? await findSigningKey(context, accessKeyId, sessionToken)
    : undefined;
  if (key === undefined) throw new FaultError(keyInvalid);
  const sentAt = readDate(date, scope.day, { now: context.clock.now(), clockMs });
  const verdict = verifySignature(request, authorization, { secret: key.secret, hosts });
  if (!verdict.isRight) {
    // The cloud says nothing more to the client, and neither does this server: here it can be compared with what was
    // signed.
    const canonicalRequest = withoutTokens(verdict.canonicalRequest);
    context.logger.debug({ accessKeyId, canonicalRequest }, 'the signature is not that of this canonical request');
    throw new FaultError(signatureWrong);
  }
  if (!isRepeatable(request, authorization)) {
    // Only now: nobody but the key's holder can use its signatures up. By the signature, not by the nonce: Python's
    // client signs none, so whoever sends its request again could put another. From `expiresAt` on the date alone
    // refuses it.
    const uses = { most: mostUses, expiresAt: sentAt + clockMs + 1 };
    if (!(await rememberUses(context, accessKeyId, signature, uses))) {
      throw new FaultError(credentialsInvalid, `this signature came ${mostUses} times before: sign the request anew`);
    }
  }
  key.noteUse();
  return { principal: key.principal, service: scope.service };
}

/** Two reads in one second whose nonce is not signed have the same signature, honestly. */
function isRepeatable({ method }: JdcloudRequest, { signedHeaders }: Authorization): boolean {
  return method === 'GET' && !signedHeaders.includes('x-jdcloud-nonce');
}

function readDate(
  date: string,
  day: string,
  { now, clockMs }: { readonly now: number; readonly clockMs: number },
): number {
  const sentAt = readCompactSecond(date);
  if (sentAt === undefined) {
    throw new FaultError(credentialsInvalid, 'x-jdcloud-date has to be UTC, such as 20260131T235959Z');
  }
  if (date.slice(0, 8) !== day) {
    throw new FaultError(credentialsInvalid, 'the day of x-jdcloud-date is not the one in Credential');
  }
  const off = Math.abs(now - sentAt);
  if (off > clockMs) {
    const side = sentAt < now ? 'behind' : 'ahead of';
    throw new FaultError(
      credentialsInvalid,
      `x-jdcloud-date is ${spanOf(off)} ${side} the server's clock: set your clock, or sign the request anew`,
    );
  }
  return sentAt;
}

function spanOf(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function withoutTokens(canonicalRequest: string): string {
  return canonicalRequest.replaceAll(/^(x-jdcloud-(?:session|security)-token):.*/gm, '$1:[redacted]');
}
