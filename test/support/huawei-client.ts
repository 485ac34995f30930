/**
 * Huawei Cloud's and Open Telekom Cloud's ways to sign a request, as their clients do it: written for tests, without any
 * code of `src`, so that the one is a check of the other.
 */
import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { buffer } from 'node:stream/consumers';

/** `huawei` and `otc` sign, each in its own way under the same algorithm's name; `token` shows one. */
export type HuaweiForm = 'huawei' | 'otc' | 'token';

export interface HuaweiClientOptions {
  /** Where the server listens: `http://127.0.0.1:7430`. */
  readonly url: string;
  readonly form: HuaweiForm;
  /** The host that the request names, which chooses the region: that of `url` by default. */
  readonly host?: string;
  readonly accessKeyId?: string;
  readonly secret?: string;
  /** With temporary credentials. */
  readonly securityToken?: string;
  readonly projectId?: string;
  readonly domainId?: string;
  readonly token?: string;
  /** The authority of an `https:` server. */
  readonly ca?: string;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

export interface HuaweiCallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Text and bytes as they are, everything else as JSON. */
  readonly body?: unknown;
  /** Signed as well. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent, but not among the signed: for `otc` by default who asks, which its client adds after it has signed. */
  readonly unsigned?: readonly string[];
  /** Says `UNSIGNED-PAYLOAD` instead of the body's hash. */
  readonly unsignedPayload?: boolean;
}

/** As it goes over the wire; a test may change it before it is sent. */
export interface HuaweiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** What the signature is of. */
  readonly canonicalRequest?: string;
}

export interface HuaweiAnswer<Body> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON; else its text. */
  readonly body: Body;
  readonly bytes: Buffer;
}

export interface HuaweiClient {
  // biome-ignore lint/suspicious/noExplicitAny: answers are trees of many shapes, which the tests' expectations describe.
  call<Body = any>(method: string, path: string, options?: HuaweiCallOptions): Promise<HuaweiAnswer<Body>>;
  /** What `call` would send; the path comes as it is on the wire, without a query. */
  sign(method: string, path: string, options?: HuaweiCallOptions): HuaweiRequest;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  send<Body = any>(request: HuaweiRequest): Promise<HuaweiAnswer<Body>>;
}

export function createHuaweiClient(client: HuaweiClientOptions): HuaweiClient {
  function sign(method: string, path: string, options: HuaweiCallOptions = {}): HuaweiRequest {
    const body = bytesOf(options.body);
    const query = queryOf(options.query);
    const text = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
    const headers: Record<string, string> = {
      host: client.host ?? new URL(client.url).host,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...whoAsks(client),
      ...(options.unsignedPayload === true && { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' }),
      ...Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    };
    const request = { method, path: text === '' ? path : `${path}?${text}`, headers, body };
    if (client.form === 'token') return request;
    const toSign = { client, method, path, query, headers, body, unsigned: options.unsigned };
    return { ...request, ...signed(toSign) };
  }

  async function send<Body>({ method, path, headers, body }: HuaweiRequest): Promise<HuaweiAnswer<Body>> {
    const url = new URL(client.url);
    const { promise, resolve, reject } = Promise.withResolvers<HuaweiAnswer<Body>>();
    const length = body === undefined ? {} : { 'content-length': body.length };
    const options = { method, path, headers: { ...headers, ...length }, hostname: url.hostname, port: url.port };
    const request = url.protocol === 'https:' ? overHttps({ ...options, ca: client.ca }) : overHttp(options);
    request.on('error', reject);
    request.on('response', (response) => {
      buffer(response).then((bytes) => {
        const text = bytes.toString('utf8');
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        const parsed = isJson && text !== '' ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed, bytes });
      }, reject);
    });
    request.end(body);
    return promise;
  }

  return { sign, send, call: (method, path, options) => send(sign(method, path, options)) };
}

type Query = readonly (readonly [name: string, value: string])[];

interface ToSign {
  readonly client: HuaweiClientOptions;
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly unsigned: readonly string[] | undefined;
}

const whoAsksNames = ['x-project-id', 'x-domain-id', 'x-security-token'];

function whoAsks(client: HuaweiClientOptions): Record<string, string> {
  if (client.form === 'token') return client.token === undefined ? {} : { 'x-auth-token': client.token };
  return {
    ...(client.projectId !== undefined && { 'x-project-id': client.projectId }),
    ...(client.domainId !== undefined && { 'x-domain-id': client.domainId }),
    ...(client.securityToken !== undefined && { 'x-security-token': client.securityToken }),
  };
}

function signed(toSign: ToSign): Pick<HuaweiRequest, 'headers' | 'canonicalRequest'> {
  const { client, method, path } = toSign;
  const isOtc = client.form === 'otc';
  const date = sdkDate((client.clock ?? Date.now)());
  const headers: Record<string, string> = { 'x-sdk-date': date, ...toSign.headers };
  const unsigned = toSign.unsigned ?? (isOtc ? whoAsksNames : []);
  const names = Object.keys(headers)
    .filter((name) => !unsigned.includes(name))
    .sort();
  const lines = names.map((name) => `${name}:${headerValue(headers[name] ?? '', isOtc)}\n`).join('');
  const { query, payload } = isOtc ? otcParts(toSign) : huaweiParts(toSign);
  const hash = headers['x-sdk-content-sha256'] ?? sha256(payload);
  const canonicalRequest = [method, canonicalPath(path), query, lines, names.join(';'), hash].join('\n');

  const { accessKeyId = '', secret = '' } = client;
  const scope = `${date.slice(0, 8)}///sdk_request`;
  const stringToSign = ['SDK-HMAC-SHA256', date, ...(isOtc ? [scope] : []), sha256(canonicalRequest)].join('\n');
  // OTC's client leaves region and service of its scope empty.
  const key = isOtc ? scope.split('/').reduce<string | Buffer>(hmac, `SDK${secret}`) : secret;
  const credential = isOtc ? `Credential=${accessKeyId}/${scope}` : `Access=${accessKeyId}`;
  const signature = hmac(key, stringToSign).toString('hex');
  const authorization = `SDK-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers: { ...headers, authorization }, canonicalRequest };
}

function huaweiParts({ query, body }: ToSign): { query: string; payload: string | Buffer } {
  const sorted = query.toSorted(([a, x], [b, y]) => order(a, b) || order(x, y));
  return { query: sorted.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'), payload: body ?? '' };
}

/** Only the first value of a name, names in the order of their lower case; all of it as the payload of an empty POST. */
function otcParts({ method, query, body }: ToSign): { query: string; payload: string | Buffer } {
  if (method === 'POST' && body === undefined) {
    const form = query.toSorted(([a], [b]) => order(a, b)).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    return { query: '', payload: form.join('&').replaceAll('%20', '+') };
  }
  const firsts = new Map(query.toReversed());
  const names = [...firsts.keys()].map(encode).sort((a, b) => order(a.toLowerCase(), b.toLowerCase()));
  const pairs = names.map((name) => `${name}=${encode(firsts.get(decodeURIComponent(name)) ?? '')}`);
  return { query: pairs.join('&'), payload: body ?? '' };
}

/** Each segment decoded and encoded again, and a slash at the end whether the path has one or not. */
function canonicalPath(path: string): string {
  const encoded = path
    .split('/')
    .map((segment) => encode(decodeURIComponent(segment)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

function headerValue(value: string, isOtc: boolean): string {
  return isOtc ? value.replaceAll(/\s+/g, ' ') : value.trim();
}

function queryOf(query: HuaweiCallOptions['query'] = {}): Query {
  return Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)] as const);
  });
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** `20260101T000000Z`. */
function sdkDate(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** Letters, digits and `-_.~` stay; of everything else each byte becomes `%XX`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
