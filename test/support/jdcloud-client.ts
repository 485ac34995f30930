/**
 * JD Cloud's two ways to sign a request, as its reference describes them and as its clients do: written for tests, without any
 * code of `src`, so that the one is a check of the other.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, request as overHttp } from 'node:http';
import { text } from 'node:stream/consumers';

/** `jdcloud2`: as Node, Go and Java do it; `jdcloud3`: as Python does, which signs neither date nor nonce. */
export type JdcloudSigning = 'jdcloud2' | 'jdcloud3';

export interface JdcloudClientOptions {
  /** Where the server listens: `http://127.0.0.1:7420`. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secret: string;
  /** With temporary credentials. */
  readonly sessionToken?: string;
  /** `vm` by default. */
  readonly service?: string;
  /** `jdcloud2` by default. */
  readonly signing?: JdcloudSigning;
  /** The host that is sent and signed; that of `url` by default. */
  readonly host?: string;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

export interface JdcloudCallOptions {
  /** Of a list, `ids: ['a', 'b']`, each has a number: `ids.1=a&ids.2=b`. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Text as it is, everything else as JSON. */
  readonly body?: unknown;
  /** Signed as well. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  /** `20261121T030415Z`. */
  readonly date?: string;
}

/** As it goes over the wire; a test may change it before it is sent. */
export interface JdcloudRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface JdcloudAnswer<Body> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON; else its text. */
  readonly body: Body;
}

/** Of an answer that says no. */
export interface JdcloudError {
  readonly requestId: string;
  readonly error: { readonly code: number; readonly status: string; readonly message: string };
}

export interface JdcloudClient {
  // biome-ignore lint/suspicious/noExplicitAny: answers are trees of many shapes, which the tests' expectations describe.
  call<Body = any>(method: string, path: string, options?: JdcloudCallOptions): Promise<JdcloudAnswer<Body>>;
  /** What `call` would send; the path comes without a query, and goes with `:` as `%3A` with `jdcloud2`. */
  sign(method: string, path: string, options?: JdcloudCallOptions): JdcloudRequest;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  send<Body = any>(request: JdcloudRequest): Promise<JdcloudAnswer<Body>>;
}

/** `20261121T030415Z`, so many milliseconds from now. */
export function jdcloudDate(offMs = 0): string {
  return new Date(Date.now() + offMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

export function createJdcloudClient(client: JdcloudClientOptions): JdcloudClient {
  const { url, accessKeyId, secret, service = 'vm', signing = 'jdcloud2', clock = Date.now } = client;
  const version = signing === 'jdcloud2' ? 2 : 3;

  function sign(method: string, path: string, options: JdcloudCallOptions = {}): JdcloudRequest {
    const region = /^\/v1\/regions\/([^/]+)/.exec(path)?.[1] ?? 'jdcloud-api';
    const date = options.date ?? jdcloudDate(clock() - Date.now());
    const body = textOf(options.body);
    const pairs = pairsOf(options.query).map(([name, value]) => [encode(name), encode(value)] as const);
    const headers: Record<string, string> = {
      host: client.host ?? new URL(url).host,
      'content-type': 'application/json',
      'x-jdcloud-date': date,
      'x-jdcloud-nonce': options.nonce ?? randomUUID(),
      ...(client.sessionToken !== undefined && { 'x-jdcloud-session-token': client.sessionToken }),
      ...options.headers,
    };
    const unsigned = signing === 'jdcloud3' ? ['x-jdcloud-date', 'x-jdcloud-nonce'] : [];
    const names = Object.keys(headers)
      .filter((name) => !unsigned.includes(name))
      .sort();
    const canonicalPath = path.split('/').map(encode).join('/');
    const request = [
      method,
      canonicalPath,
      joined(pairs.toSorted(([one], [other]) => (one < other ? -1 : 1))),
      names.map((name) => `${name}:${headers[name]?.trim()}\n`).join(''),
      names.join(';'),
      sha256(body ?? ''),
    ].join('\n');
    const scope = [date.slice(0, 8), region, service, `jdcloud${version}_request`];
    const algorithm = `JDCLOUD${version}-HMAC-SHA256`;
    const stringToSign = [algorithm, date, scope.join('/'), sha256(request)].join('\n');
    const key = scope.reduce<string | Buffer>(hmac, `JDCLOUD${version}${secret}`);
    const signature = hmac(key, stringToSign).toString('hex');
    const credential = `${accessKeyId}/${scope.join('/')}`;
    const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    const query = pairs.length === 0 ? '' : `?${joined(pairs)}`;
    const wirePath = signing === 'jdcloud2' ? canonicalPath : path;
    return { method, path: wirePath + query, headers: { ...headers, authorization }, body };
  }

  async function send<Body>({ method, path, headers, body }: JdcloudRequest): Promise<JdcloudAnswer<Body>> {
    const { hostname, port } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<JdcloudAnswer<Body>>();
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = overHttp({ method, path, headers: { ...headers, ...length }, hostname, port });
    request.on('error', reject);
    request.on('response', (response) => {
      text(response).then((received) => {
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        const parsed = isJson && received !== '' ? JSON.parse(received) : received;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      }, reject);
    });
    request.end(body);
    return await promise;
  }

  return { sign, send, call: (method, path, options) => send(sign(method, path, options)) };
}

type Pairs = readonly (readonly [name: string, value: string])[];

function pairsOf(query: JdcloudCallOptions['query'] = {}): Pairs {
  return Object.entries(query).flatMap(([name, value]): Pairs => {
    if (value === undefined) return [];
    if (typeof value !== 'object') return [[name, String(value)]];
    return value.map((each, index) => [`${name}.${index + 1}`, each]);
  });
}

function joined(pairs: Pairs): string {
  return pairs.map((pair) => pair.join('=')).join('&');
}

function textOf(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

/** Letters, digits and `-_.~` stay; of everything else each byte becomes `%XX`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
