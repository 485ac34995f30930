import { createHash, timingSafeEqual } from 'node:crypto';
import { Transform } from 'node:stream';
import type { FastifyRequest, RequestPayload } from 'fastify';
import { protocolError } from './protocol-error.ts';

/**
 * The body of a signed request as it comes in, with an error instead of its end when it is not what `Content-Digest`, and so
 * the signature, says.
 */
export function checkDigest(request: FastifyRequest, payload: RequestPayload): RequestPayload {
  const { headers } = request;
  if (!('signature' in headers && 'content-digest' in headers)) return payload;
  const expected = digestOf(String(headers['content-digest']));
  const hash = createHash('sha256');
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const isRight = expected !== undefined && timingSafeEqual(hash.digest(), expected);
      done(isRight ? null : protocolError('unauthenticated', {}));
    },
  });
  // Not `pipeline`: it would destroy the request with the body, and nobody could be told why.
  payload.on('error', (error: Error) => checked.destroy(error));
  payload.once('close', () => {
    if (!payload.readableEnded) checked.destroy(new Error('the client went away'));
  });
  return payload.pipe(checked);
}

/** The SHA-256 of a `Content-Digest` (RFC 9530); undefined when there is none in it. */
function digestOf(header: string): Buffer | undefined {
  const [, encoded] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(header) ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
}
