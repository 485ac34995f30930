/** What stands for the body in a canonical request (reference §1.4). */
import { createHash } from 'node:crypto';
import { mediaTypeOf } from '../media-type.ts';
import type { HuaweiRequest } from '../request.ts';

export interface Payload {
  /** The last line of the canonical request. */
  readonly hash: string;
  /** The SHA-256, in lower case, that a streamed body must turn out to have; null if it is known to, or need not. */
  readonly mustHash: string | null;
}

const unsigned = 'UNSIGNED-PAYLOAD';
const digestPattern = /^[0-9a-f]{64}$/i;

export function sha256(data: string | Uint8Array): string {
  const hash = createHash('sha256');
  return (typeof data === 'string' ? hash.update(data, 'latin1') : hash.update(data)).digest('hex');
}

const hashOfNothing = sha256('');

/**
 * What clients may have signed for this body; the first is what a correct client of JSON has. A hash that was merely claimed
 * is never among them, but for a streamed body, which is held to it.
 */
export function payloadsOf(
  { headers, body }: Pick<HuaweiRequest, 'headers' | 'body'>,
  signedHeaders: readonly string[],
): readonly Payload[] {
  const claim = headers.get('x-sdk-content-sha256') ?? '';
  const covered = body === null ? streamed(claim) : { hash: inSpellingOf(claim, sha256(body)), mustHash: null };
  // Python's SDK sends the words as well, but signs the hash of nothing, when there is no body.
  if (claim !== unsigned || !mayBeUnsigned(headers.get('content-type'), signedHeaders)) return [covered];
  return [covered, { hash: unsigned, mustHash: null }];
}

/** Without a claim it could only be the body of a client that has none to send. */
function streamed(claim: string): Payload {
  const hash = digestPattern.test(claim) ? claim : hashOfNothing;
  return { hash, mustHash: hash.toLowerCase() };
}

/** The claim is signed as it was sent. */
function inSpellingOf(claim: string, hash: string): string {
  return claim.toLowerCase() === hash ? claim : hash;
}

/**
 * SDKs leave the body unsigned for any type but JSON, and sign the type. Commands are JSON: whoever stands between could
 * otherwise replace them. A body without a type might be read as JSON, too.
 */
function mayBeUnsigned(contentType: string | undefined, signedHeaders: readonly string[]): boolean {
  if (!contentType || !signedHeaders.includes('content-type')) return false;
  return mediaTypeOf(contentType) !== 'application/json';
}
