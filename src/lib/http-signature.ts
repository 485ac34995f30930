/** Signs requests as HTTP Message Signatures (RFC 9421) with `hmac-sha256`, the way docs/native-api.md asks for. */
import { createHash, createHmac } from 'node:crypto';

export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  /** `content-digest` of the body, as {@link contentDigest} makes it; left out without a body, or where a disk's content is streamed. */
  readonly digest?: string | undefined;
  readonly keyId: string;
  readonly secret: string;
  /** With temporary credentials: the session's token. */
  readonly sessionToken?: string | undefined;
  /** Epoch seconds. */
  readonly created: number;
  /** Never used before with this key; at least 16 characters. */
  readonly nonce: string;
}

/** A covered component: its identifier without quotes, and its value. */
export type Component = readonly [name: string, value: string];

/** The headers that `request` needs besides those that it has for other reasons. */
export function signRequest(request: RequestToSign): Record<string, string> {
  const { method, url, digest, keyId, secret, sessionToken, created, nonce } = request;
  const components: Component[] = [
    ['@method', method.toUpperCase()],
    ['@authority', url.host],
    ['@path', url.pathname],
    // Without a query the value is the question mark alone (2.2.7).
    ['@query', url.search || '?'],
  ];
  const headers: Record<string, string> = {};
  if (digest !== undefined) headers['content-digest'] = digest;
  if (sessionToken !== undefined) headers['x-mimeo-session-token'] = sessionToken;
  components.push(...Object.entries(headers));
  const names = components.map(([name]) => `"${name}"`).join(' ');
  const parameters = `(${names});created=${created};keyid="${keyId}";nonce="${nonce}";alg="hmac-sha256"`;
  return {
    ...headers,
    'signature-input': `mimeo=${parameters}`,
    signature: `mimeo=:${sign(signatureBase(components, parameters), secret).toString('base64')}:`,
  };
}

/** What is signed (2.5): a line for each component, then the parameters. */
export function signatureBase(components: readonly Component[], parameters: string): string {
  const lines = components.map(([name, value]) => `"${name}": ${value}`);
  return [...lines, `"@signature-params": ${parameters}`].join('\n');
}

export function sign(base: string, secret: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(base).digest();
}

/** RFC 9530. */
export function contentDigest(body: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
