/**
 * HTTP to addresses that users give (SSRF-safe): a name is resolved once, every address that it has is checked, and the
 * connection goes to a checked one, so that no second answer of the resolver is ever asked for. Redirects are not followed,
 * proxies not used, and errors tell nothing of what is behind an address.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { type AddressPolicy, isAllowedAddress } from './address-rules.ts';
import { EgressError } from './egress-error.ts';
import { parseTarget, type Target } from './target.ts';

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together: resolving, connecting, sending, and the answer's head. */
  readonly timeoutMs: number;
  /** Bytes of the answer's body that are read, and dropped, to let the other side finish; then it is cut off. */
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
}

export interface Egress {
  /** Throws {@link EgressError} for a URL that can never be allowed. What a name resolves to is looked at when it is used. */
  check(url: string): URL;
  /** The answer's status, whatever it is. Throws {@link EgressError}, or the signal's reason. */
  post(url: string, options: PostOptions): Promise<number>;
}

/** Every address of a host. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

const resolveByDns: Resolve = (hostname) => promisify(dnsLookup)(hostname, { all: true });

/** One message for both: whether a name of the operator's own network exists is nobody's business. */
const notPublic = 'its name does not resolve to addresses that are allowed';

export function createEgress(policy: AddressPolicy, resolve: Resolve = resolveByDns): Egress {
  function checkTarget(text: string): Target {
    const target = parseTarget(text);
    if (target.address !== undefined && !isAllowedAddress(target.address, policy)) {
      throw new EgressError('address', 'private, local and reserved addresses are not allowed');
    }
    return target;
  }

  async function resolveAllowed({ url, address }: Target): Promise<readonly LookupAddress[]> {
    if (address !== undefined) return [];
    const found = await resolve(url.hostname).catch((cause: unknown) => {
      throw new EgressError('address', notPublic, { cause });
    });
    const refused = found.find((each) => !isAllowedAddress(each.address, policy));
    if (found.length > 0 && refused === undefined) return found;
    throw new EgressError('address', notPublic, { cause: new Error(`${url.hostname} is ${refused?.address}`) });
  }

  return {
    check: (url) => checkTarget(url).url,
    async post(text, options) {
      const target = checkTarget(text);
      const timeout = AbortSignal.timeout(options.timeoutMs);
      const signal = AbortSignal.any([options.signal, timeout]);
      try {
        const addresses = await withSignal(resolveAllowed(target), signal);
        return await send(target.url, addresses, options, signal);
      } catch (error) {
        options.signal.throwIfAborted();
        throw timeout.aborted ? timedOut(options.timeoutMs, error) : translate(error);
      }
    },
  };
}

/** The resolver cannot be called off; its answer is then dropped. */
async function withSignal<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function send(
  url: URL,
  addresses: readonly LookupAddress[],
  { headers, body, maxAnswerBytes }: PostOptions,
  signal: AbortSignal,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    // A new one: the global agent follows proxy settings of the environment, and keeps connections.
    agent: false,
    lookup: lookupAmong(addresses),
    signal,
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED must not decide this.
    rejectUnauthorized: true,
  };
  let status: number | undefined;
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
  request.on('response', (response) => {
    status = response.statusCode;
    drain(response, maxAnswerBytes);
  });
  // With the answer's head the question is answered: a body that breaks off or never ends changes nothing.
  request.on('error', (error) => status === undefined && reject(error));
  // It comes last, and also where there was neither an answer nor an error: a receiver that switches protocols.
  request.on('close', () => (status === undefined ? reject(new Error('closed without an answer')) : resolve(status)));
  request.end(body);
  return promise;
}

/** Answers whoever connects with addresses that were checked, and with no other. */
function lookupAmong(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

function drain(response: IncomingMessage, maxBytes: number): void {
  let received = 0;
  response.on('data', (piece: Buffer) => {
    received += piece.length;
    if (received > maxBytes) response.destroy();
  });
  response.on('error', () => {});
}

function timedOut(timeoutMs: number, cause: unknown): EgressError {
  return new EgressError('timeout', `no answer within ${timeoutMs / 1000} seconds`, { cause });
}

const tlsCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH$)/;

function translate(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (tlsCodes.test(code)) return new EgressError('tls', 'TLS could not be agreed upon', { cause: error });
  return new EgressError('unreachable', 'no HTTP answer from there', { cause: error });
}
