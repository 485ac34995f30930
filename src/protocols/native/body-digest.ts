import type { FastifyRequest, RequestPayload } from 'fastify';
import { checkedBody } from '../shared/checked-body.ts';
import { protocolError } from './protocol-error.ts';

/**
 * The body of a signed request as it comes in, with an error instead of its end when it is not what `Content-Digest`, and so
 * the signature, says.
 */
export function checkDigest(request: FastifyRequest, payload: RequestPayload): RequestPayload {
  const { headers } = request;
  if (!('signature' in headers && 'content-digest' in headers)) return payload;
  return checkedBody(payload, digestOf(String(headers['content-digest'])), () => protocolError('unauthenticated', {}));
}

/** The SHA-256 of a `Content-Digest` (RFC 9530); undefined when there is none in it. */
function digestOf(header: string): Buffer | undefined {
  const [, encoded] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(header) ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
}
