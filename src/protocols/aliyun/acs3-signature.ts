/** ACS3-HMAC-SHA256, which Alibaba Cloud's pages call "V3": an HMAC of method, query, headers and the hash of the body. */
import { createHash, createHmac } from 'node:crypto';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import { canonicalQuery } from './percent-encoding.ts';
import { type AliyunRequest, missing } from './request.ts';
import { isSame, type Signature } from './signature.ts';

const algorithm = 'ACS3-HMAC-SHA256';

/** Documented with commas alone; blanks after them change nothing. */
const authorizationPattern =
  /^ACS3-HMAC-SHA256 +Credential=([^, ]+), *SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), *Signature=([0-9a-f]{64})$/;

export function readAcs3Signature(request: AliyunRequest): Signature {
  const { headers } = request;
  const authorization = headers.get('authorization') ?? '';
  if (!authorization.startsWith(`${algorithm} `)) throw new FaultError(commonFaults.signatureMethod, 'Authorization');
  const [, accessKeyId, list, signature] = authorizationPattern.exec(authorization) ?? [];
  if (accessKeyId === undefined || list === undefined || signature === undefined) throw incomplete();
  const demand = (name: string) => {
    const value = headers.get(name);
    if (value) return value;
    throw missing(name);
  };
  demand('x-acs-content-sha256');
  const timestamp = demand('x-acs-date');
  const nonce = headers.get('x-acs-signature-nonce');
  // One of the two pages calls it optional. Without it whoever overhears a request could send it again.
  if (nonce === undefined) throw missing('x-acs-signature-nonce');
  const signedHeaders = list.split(';');
  if (!coversAll(signedHeaders, headers)) throw incomplete();
  return {
    accessKeyId,
    securityToken: headers.get('x-acs-security-token') || undefined,
    timestamp,
    nonce,
    verify(secret) {
      const text = acs3StringToSign(request, signedHeaders);
      const right = createHmac('sha256', secret).update(text).digest('hex');
      if (!isSame(signature, right)) throw new FaultError(commonFaults.acs3Mismatch, text);
    },
  };
}

export function acs3StringToSign(
  { method, query, headers, body }: Pick<AliyunRequest, 'method' | 'query' | 'headers' | 'body'>,
  signedHeaders: readonly string[],
): string {
  const lines = signedHeaders.map((name) => `${name}:${textOf(headers.get(name) ?? '')}\n`).join('');
  // The body's own hash, not the one that x-acs-content-sha256 claims, which is signed as well: they have to be the same.
  const canonical = [method, '/', canonicalQuery(query), lines, signedHeaders.join(';'), sha256(body)].join('\n');
  return `${algorithm}\n${sha256(canonical)}`;
}

/** All that says something, once each; `content-type` need not be, since nothing but a form is taken. */
function coversAll(signed: readonly string[], headers: AliyunRequest['headers']): boolean {
  const names = new Set(signed);
  const needed = [...headers.keys()].filter((name) => name === 'host' || name.startsWith('x-acs-'));
  return (
    names.size === signed.length &&
    names.has('host') &&
    signed.every((name) => headers.has(name)) &&
    needed.every((name) => names.has(name))
  );
}

/** Node reads the bytes of headers as Latin-1; clients sign them as UTF-8. */
function textOf(header: string): string {
  return Buffer.from(header.trim(), 'latin1').toString('utf8');
}

function incomplete(): FaultError {
  return new FaultError(commonFaults.incompleteSignature);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
