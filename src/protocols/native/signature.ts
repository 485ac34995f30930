/** Reading and verifying an HTTP Message Signature (RFC 9421) of the one shape that docs/native-api.md asks for. */
import type { FastifyRequest } from 'fastify';
import { createVerifier, httpbis } from 'http-message-signatures';

export interface RequestSignature {
  readonly keyId: string;
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly created: number;
}

/** One signature, over components without parameters: `;req`, `;bs` and the like say that something else was signed. */
const inputPattern =
  /^[a-z*][a-z0-9_.*-]{0,63}=\(("[@a-z0-9-]+"(?: "[@a-z0-9-]+")*)\)((?:;[a-z]+=(?:\d{1,15}|"[^"\\]*"))+)$/;

const always = ['@method', '@authority', '@path', '@query'];
const parameters = ['keyid', 'created', 'nonce', 'alg'];

/** A disk's content: its digest is known only when it has been read. */
const contentPath = /^\/api\/v1\/images\/[^/]+\/disks\/[^/]+\/content$/;

/** What the signature says of itself; undefined when it does not cover what it must. */
export function readSignature(request: FastifyRequest): RequestSignature | undefined {
  const input = request.headers['signature-input'];
  const [, names, rest] = (typeof input === 'string' && inputPattern.exec(input)) || [];
  if (names === undefined || rest === undefined) return undefined;
  const covered = names.split(' ').map((name) => name.slice(1, -1));
  const required = [...always, ...(needsDigest(request) ? ['content-digest'] : []), ...sentOnes(request)];
  if (new Set(covered).size !== covered.length || required.some((name) => !covered.includes(name))) return undefined;

  const given = [...rest.matchAll(/;([a-z]+)=(?:(\d+)|"([^"]*)")/g)];
  const values = new Map(given.map(([, name, number, text]) => [name, number ?? text ?? '']));
  if (values.size !== given.length || parameters.some((name) => !values.has(name))) return undefined;
  const [keyId = '', created = '', nonce = '', alg = ''] = parameters.map((name) => values.get(name));
  if (alg !== 'hmac-sha256' || nonce.length < 16 || nonce.length > 128 || !/^\d+$/.test(created)) return undefined;
  return { keyId, nonce, created: Number(created) * 1000 };
}

/** Headers that mean something and are covered when they are sent. */
function sentOnes({ headers }: FastifyRequest): string[] {
  return ['content-digest', 'x-mimeo-session-token'].filter((name) => name in headers);
}

function needsDigest({ headers, url }: FastifyRequest): boolean {
  const hasBody = 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
  return hasBody && !contentPath.test(url.split('?', 1)[0] ?? '');
}

/** True when `secret` made the signature. The comparison takes the same time whatever the difference. */
export async function verifySignature(request: FastifyRequest, secret: string): Promise<boolean> {
  const key = { algs: ['hmac-sha256'], verify: createVerifier(secret, 'hmac-sha256') };
  const { method, url } = request.raw;
  const message = { method: method ?? '', url: url ?? '', headers: textHeaders(request) };
  try {
    const verified = await httpbis.verifyMessage(
      // The age is measured with our own clock.
      { keyLookup: async () => key, componentParser: derived(request), all: true, notAfter: Number.MAX_SAFE_INTEGER },
      message,
    );
    return verified === true;
  } catch {
    // Its own errors say that the signature covers what is not there, or is no structured field.
    return false;
  }
}

/** The derived components as they were sent: what is routed is what was signed, without another parser's idea of the URL. */
function derived(request: FastifyRequest): (name: string) => string[] | null {
  const [path = '/', ...query] = (request.raw.url ?? '').split('?');
  const values: Record<string, string> = {
    '@method': request.method,
    '@authority': authority(request),
    '@path': path,
    '@query': `?${query.join('?')}`,
  };
  return (name) => {
    if (!name.startsWith('@')) return null;
    const value = values[name];
    if (value === undefined) throw new RangeError(`${name} is not supported`);
    return [value];
  };
}

/** In lower case and without the scheme's own port (2.2.3). */
function authority({ headers, protocol }: FastifyRequest): string {
  const standard = protocol === 'https' ? /:443$/ : /:80$/;
  return (headers.host ?? '').toLowerCase().replace(standard, '');
}

function textHeaders({ headers }: FastifyRequest): Record<string, string | string[]> {
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  return Object.fromEntries(present);
}
