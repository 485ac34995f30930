/** The header that a signature comes in (reference §1.2). */
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';

const { authorizationMissing, credentialMissing, dateMissing, signedHeadersMissing } = commonFaults;

/** Node's, Go's, Java's and PHP's clients have the first, Python's the second. */
const schemes = {
  'JDCLOUD2-HMAC-SHA256': {
    prefix: 'JDCLOUD2',
    terminator: 'jdcloud2_request',
    plusIsSpaceInPaths: false,
    collapsesBlanks: true,
  },
  'JDCLOUD3-HMAC-SHA256': {
    prefix: 'JDCLOUD3',
    terminator: 'jdcloud3_request',
    plusIsSpaceInPaths: true,
    collapsesBlanks: false,
  },
} as const;

type Algorithm = keyof typeof schemes;

export interface Authorization {
  readonly algorithm: Algorithm;
  readonly scheme: (typeof schemes)[Algorithm];
  readonly accessKeyId: string;
  readonly scope: Scope;
  /** Of headers that the request has, each once. */
  readonly signedHeaders: readonly string[];
  /** `x-jdcloud-date`, verbatim: it is signed, whatever the signed headers are. */
  readonly date: string;
  /** Verbatim; empty if there is none. */
  readonly signature: string;
}

export interface Scope {
  /** `20261121` */
  readonly day: string;
  /** As the client says; `jdcloud-api` where it knows none. */
  readonly region: string;
  readonly service: string;
}

/** Clients sign five at most; each of them is read once for every way in which the request may have been signed. */
const mostSignedHeaders = 64;

/** Throws the gateway's fault of the first part that is missing or malformed. */
export function readAuthorization(headers: ReadonlyMap<string, string>): Authorization {
  const text = (headers.get('authorization') ?? '').trim();
  const [algorithm = ''] = text.split(/[ \t]/, 1);
  if (!isAlgorithm(algorithm)) throw new FaultError(authorizationMissing);
  const scheme = schemes[algorithm];
  const parts = readParts(text.slice(algorithm.length));
  const [accessKeyId, day, region, service, terminator, ...rest] = parts.get('Credential')?.split('/') ?? [];
  if (!accessKeyId || !day || !region || !service || terminator !== scheme.terminator || rest.length > 0) {
    throw new FaultError(credentialMissing);
  }
  const signedHeaders = parts.get('SignedHeaders')?.split(';') ?? [];
  const date = headers.get('x-jdcloud-date') ?? '';
  if (signedHeaders.length > 0 && date === '') throw new FaultError(dateMissing);
  const names = new Set(signedHeaders);
  const isUsable = names.size === signedHeaders.length && names.size > 0 && names.size <= mostSignedHeaders;
  if (!isUsable || !signedHeaders.every((name) => headers.has(name))) throw new FaultError(signedHeadersMissing);
  const signature = parts.get('Signature') ?? '';
  return { algorithm, scheme, accessKeyId, scope: { day, region, service }, signedHeaders, date, signature };
}

function isAlgorithm(text: string): text is Algorithm {
  return Object.hasOwn(schemes, text);
}

/** `Credential=…, SignedHeaders=…, Signature=…`, with as many blanks as somebody likes. */
function readParts(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((part) => {
      const equals = part.indexOf('=');
      return equals < 0 ? [part.trim(), ''] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    }),
  );
}
