/** Requests that are signed as a client would, and as one would not. */
import { randomUUID } from 'node:crypto';
import { contentDigest, signRequest } from '../../src/lib/http-signature.ts';

export interface Signer {
  readonly id: string;
  readonly secret: string;
  /** With temporary credentials. */
  readonly token?: string;
}

export interface Signed {
  readonly method: string;
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: object | undefined;
  /** Epoch milliseconds. */
  readonly at?: number;
  readonly nonce?: string;
}

/** The headers of a request that `inject` sends: it calls the server `localhost`. */
export function signedHeaders(signer: Signer, request: Signed): Record<string, string> {
  const { method, path, body, at = Date.now(), nonce = randomUUID() } = request;
  return signRequest({
    method,
    url: new URL(`http://localhost/api/v1${path}`),
    digest: body && contentDigest(JSON.stringify(body)),
    keyId: signer.id,
    secret: signer.secret,
    sessionToken: signer.token,
    created: Math.floor(at / 1000),
    nonce,
  });
}
