/** Whether a request was signed with a secret (reference §1.3). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { JdcloudRequest } from '../request.ts';
import type { Authorization } from './authorization.ts';
import { canonicalRequests, hasBareKeys, type Reading } from './canonical-request.ts';

export interface Signing {
  readonly secret: string;
  /** Other names of this server, which a client may have signed for its host. */
  readonly hosts: readonly string[];
}

export type Verdict =
  | { readonly isRight: true }
  /** What should have been signed, by the reference's own reading. */
  | { readonly isRight: false; readonly canonicalRequest: string };

export function verifySignature(request: JdcloudRequest, authorization: Authorization, signing: Signing): Verdict {
  const { secret, hosts } = signing;
  const key = signingKey(authorization, secret);
  const given = Buffer.from(authorization.signature, 'latin1');
  const isSigned = (text: string) => {
    const expected = Buffer.from(hmac(key, stringToSign(authorization, text)).toString('hex'), 'latin1');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  const asRead = canonicalRequests(request, authorization);
  const own = { host: request.headers.get('host'), bareKeys: true };
  const isRight = [own, ...otherReadings(request, authorization, hosts)].some((reading) => isSigned(asRead(reading)));
  return isRight ? { isRight } : { isRight, canonicalRequest: asRead(own) };
}

/** Besides the reference's own, in which nearly all requests are signed: no more than two for each name. */
function otherReadings(
  { method, url, headers }: JdcloudRequest,
  { signedHeaders }: Authorization,
  hosts: readonly string[],
): readonly Reading[] {
  // Java's client may connect to one host and sign another.
  const others = signedHeaders.includes('host') ? hosts.map((host) => ({ host, bareKeys: true })) : [];
  // Python's sends an '&' inside a value as it is, and does not sign what follows. Of a request that changes something
  // whoever stands between must be able to add nothing.
  if (method !== 'GET' || !hasBareKeys(url)) return others;
  return [...others, ...[{ host: headers.get('host') }, ...others].map(({ host }) => ({ host, bareKeys: false }))];
}

export function signingKey({ scheme, scope }: Pick<Authorization, 'scheme' | 'scope'>, secret: string): Uint8Array {
  const steps = [scope.day, scope.region, scope.service, scheme.terminator];
  return steps.reduce<Uint8Array>(hmac, Buffer.from(`${scheme.prefix}${secret}`));
}

function stringToSign({ algorithm, scheme, scope, date }: Authorization, canonical: string): string {
  const scopeText = [scope.day, scope.region, scope.service, scheme.terminator].join('/');
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return [algorithm, date, scopeText, hash].join('\n');
}

/** Texts are bytes of a request here, one a character. */
function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest();
}
