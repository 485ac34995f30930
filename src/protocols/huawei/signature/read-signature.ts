/** Signatures by access key: `SDK-HMAC-SHA256`, under which name there are two (reference §1.4, §1.5). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromHex } from '../../../lib/hex.ts';
import type { HuaweiRequest } from '../request.ts';
import { type Canonicalize, huaweiCanonicalRequests, otcCanonicalRequests } from './canonical-request.ts';
import { sha256 } from './payload.ts';

export type SignatureVerdict =
  /** `mustHash`: the SHA-256 that a streamed body must turn out to have; null if nothing is left to be checked. */
  | { readonly isRight: true; readonly mustHash: string | null }
  /** What should have been signed: clients can compare it with what they did sign. */
  | { readonly isRight: false; readonly canonicalRequest: string };

/** What a request says of who signed it, and when. Whether that is recent, and whose key it is, is for others to say. */
export interface Signature {
  readonly accessKeyId: string;
  /** `X-Sdk-Date`, verbatim. */
  readonly date: string;
  /** Of the others anybody may have said anything: a project that is named there gives no right. */
  readonly signedHeaders: readonly string[];
  /** With temporary credentials. */
  readonly securityToken: string | undefined;
  verify(secret: string): SignatureVerdict;
}

/** A signature that cannot be read; the message says why, in the words of the protocol. */
export class SignatureSyntaxError extends Error {
  override name = 'SignatureSyntaxError';
}

const algorithm = 'SDK-HMAC-SHA256';
const authorizationPattern =
  /^SDK-HMAC-SHA256 +(Access|Credential)=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})$/;
const headerName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * Undefined if the request has no `Authorization`; throws {@link SignatureSyntaxError} if it has another one than these. Only
 * `X-Sdk-Date` has to be among the signed headers: Terraform's providers sign neither the host nor the project.
 */
export function readSignature(request: HuaweiRequest): Signature | undefined {
  const { headers, url } = request;
  const authorization = headers.get('authorization');
  if (authorization === undefined) return undefined;
  if (!authorization.startsWith(`${algorithm} `)) throw new SignatureSyntaxError(`Authorization is not ${algorithm}`);
  const [, kind, credential, list, digits] = authorizationPattern.exec(authorization) ?? [];
  if (credential === undefined || list === undefined || digits === undefined) {
    throw new SignatureSyntaxError(
      `Authorization is not "${algorithm} Access=…, SignedHeaders=…, Signature=…", nor has it Credential=… for Access`,
    );
  }
  // What comes after a '#' the router takes for the query; what an escape may mean, or a byte beyond ASCII, is not agreed upon.
  if (!url.startsWith('/') || /[^!-~]|#|%(?![0-9a-f]{2})/i.test(url)) {
    throw new SignatureSyntaxError('path or query are not percent-encoded');
  }
  const signedHeaders = list.split(';');
  checkNames(signedHeaders, headers);
  const date = headers.get('x-sdk-date') ?? '';
  const form = kind === 'Access' ? huaweiForm(credential, date) : otcForm(credential, date);
  const given = fromHex(digits);
  return {
    accessKeyId: form.accessKeyId,
    date,
    signedHeaders,
    securityToken: headers.get('x-security-token') || undefined,
    verify(secret) {
      const readings = form.canonicalize(request, signedHeaders);
      const right = readings.find(({ text }) => timingSafeEqual(given, form.sign(secret, sha256(text))));
      if (right !== undefined) return { isRight: true, mustHash: right.mustHash };
      return { isRight: false, canonicalRequest: readings[0]?.text ?? '' };
    },
  };
}

interface Form {
  readonly accessKeyId: string;
  readonly canonicalize: Canonicalize;
  sign(secret: string, canonicalHash: string): Uint8Array;
}

function huaweiForm(accessKeyId: string, date: string): Form {
  return {
    accessKeyId,
    canonicalize: huaweiCanonicalRequests,
    sign: (secret, hash) => hmac(secret, [algorithm, date, hash].join('\n')),
  };
}

/** The client leaves region and service empty. They are signed, and say nothing that the host does not. */
function otcForm(credential: string, date: string): Form {
  const [accessKeyId = '', ...scope] = credential.split('/');
  const [day = '', region = '', service = '', end] = scope;
  if (accessKeyId === '' || scope.length !== 4 || end !== 'sdk_request') {
    throw new SignatureSyntaxError('Credential is not {key}/{yyyymmdd}/{region}/{service}/sdk_request');
  }
  if (day !== date.slice(0, 8)) throw new SignatureSyntaxError('Credential and X-Sdk-Date are of different days');
  return {
    accessKeyId,
    canonicalize: otcCanonicalRequests,
    sign(secret, hash) {
      const key = [day, region, service, end].reduce<string | Uint8Array>(hmac, `SDK${secret}`);
      return hmac(key, [algorithm, date, scope.join('/'), hash].join('\n'));
    },
  };
}

function checkNames(names: readonly string[], headers: HuaweiRequest['headers']): void {
  if (!names.every((name) => headerName.test(name)) || new Set(names).size !== names.length) {
    throw new SignatureSyntaxError('SignedHeaders are not names in lower case, each once');
  }
  const missing = names.find((name) => !headers.has(name));
  if (missing !== undefined) throw new SignatureSyntaxError(`the signed header ${missing} is missing`);
  if (!names.includes('x-sdk-date')) throw new SignatureSyntaxError('X-Sdk-Date is missing, or not signed');
}

function hmac(key: string | Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text).digest();
}
