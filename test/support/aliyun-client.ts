/**
 * Alibaba Cloud's three ways to sign a request, as its reference describes them and as its clients do: written for tests,
 * without any code of `src`, so that the one is a check of the other.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';

export type Signing = 'rpc-sha1' | 'rpc-sha256' | 'acs3';

export interface AliyunClientOptions {
  /** Where the server listens: `http://127.0.0.1:7420`. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secret: string;
  readonly securityToken?: string;
}

export interface AliyunCallOptions {
  readonly method?: 'GET' | 'POST';
  /** `JSON` by default, which ACS3 asks for with `Accept`; null: not said. */
  readonly format?: 'JSON' | 'XML' | null;
  /** That of ECS by default. */
  readonly version?: string;
  /** `rpc-sha1` by default. */
  readonly signing?: Signing;
  /** The parameters go as a form; with `rpc-…` the common ones do as well. */
  readonly inBody?: boolean;
  readonly nonce?: string;
  /** `2026-11-21T02:59:07Z`. */
  readonly timestamp?: string;
}

export type AliyunParameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** As it goes over the wire; a test may change it before it is sent. */
export interface AliyunRequest {
  readonly method: string;
  /** `/` with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface AliyunAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON; else its text. */
  readonly body: Body;
}

/** Of an answer that says no; the members of one that says yes are unknown until a test names them. */
export interface AliyunError {
  readonly Code: string;
  readonly Message: string;
  readonly RequestId: string;
  readonly HostId: string;
  readonly Recommend: string;
}

export interface AliyunClient {
  // biome-ignore lint/suspicious/noExplicitAny: answers are trees of many shapes, which the tests' expectations describe.
  call<Body = any>(
    action: string,
    parameters?: AliyunParameters,
    options?: AliyunCallOptions,
  ): Promise<AliyunAnswer<Body>>;
  /** What `call` would send. */
  sign(action: string, parameters?: AliyunParameters, options?: AliyunCallOptions): AliyunRequest;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  send<Body = any>(request: AliyunRequest): Promise<AliyunAnswer<Body>>;
}

const form = 'application/x-www-form-urlencoded';

export function createAliyunClient(client: AliyunClientOptions): AliyunClient {
  const { host } = new URL(client.url);

  function sign(action: string, parameters: AliyunParameters = {}, options: AliyunCallOptions = {}): AliyunRequest {
    const given = Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    );
    const request = { client, host, action, given: Object.fromEntries(given), options };
    return options.signing === 'acs3' ? signAcs3(request) : signRpc(request);
  }

  async function send<Body>({ method, path, headers, body }: AliyunRequest): Promise<AliyunAnswer<Body>> {
    const response = await fetch(new URL(path, client.url), { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : (text as Body) };
  }

  return { sign, send, call: (action, parameters, options) => send(sign(action, parameters, options)) };
}

interface ToSign {
  readonly client: AliyunClientOptions;
  readonly host: string;
  readonly action: string;
  readonly given: Readonly<Record<string, string>>;
  readonly options: AliyunCallOptions;
}

/** `2026-11-21T02:59:07Z`, so many milliseconds from now. */
export function timestamp(offMs = 0): string {
  return new Date(Date.now() + offMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function signRpc({ client, action, given, options }: ToSign): AliyunRequest {
  const { method = 'POST', format = 'JSON', version = '2014-05-26', signing, inBody = false } = options;
  const algorithm = signing === 'rpc-sha256' ? 'sha256' : 'sha1';
  const all: Record<string, string> = {
    ...given,
    Action: action,
    Version: version,
    ...(format !== null && { Format: format }),
    AccessKeyId: client.accessKeyId,
    SignatureMethod: `HMAC-${algorithm.toUpperCase()}`,
    SignatureVersion: '1.0',
    SignatureNonce: options.nonce ?? randomUUID(),
    Timestamp: options.timestamp ?? timestamp(),
    ...(client.securityToken !== undefined && { SecurityToken: client.securityToken }),
  };
  const stringToSign = [method, '/', canonical(all)].map(encode).join('&');
  const signature = createHmac(algorithm, `${client.secret}&`).update(stringToSign).digest('base64');
  const text = new URLSearchParams({ ...all, Signature: signature }).toString();
  if (inBody) return { method, path: '/', headers: { 'content-type': form }, body: text };
  return { method, path: `/?${text}`, headers: {}, body: undefined };
}

function signAcs3({ client, host, action, given, options }: ToSign): AliyunRequest {
  const { method = 'POST', format = 'JSON', version = '2014-05-26', inBody = false } = options;
  const body = inBody ? canonical(given) : '';
  const query = inBody ? '' : canonical(given);
  const signed: Record<string, string> = {
    host,
    'x-acs-action': action,
    'x-acs-version': version,
    'x-acs-date': options.timestamp ?? timestamp(),
    'x-acs-signature-nonce': options.nonce ?? randomUUID(),
    'x-acs-content-sha256': sha256(body),
    ...(client.securityToken !== undefined && { 'x-acs-security-token': client.securityToken }),
    ...(inBody && { 'content-type': form }),
  };
  const names = Object.keys(signed).sort();
  const lines = names.map((name) => `${name}:${signed[name]?.trim()}\n`).join('');
  const request = [method, '/', query, lines, names.join(';'), sha256(body)].join('\n');
  const stringToSign = `ACS3-HMAC-SHA256\n${sha256(request)}`;
  const signature = createHmac('sha256', client.secret).update(stringToSign).digest('hex');
  const authorization = `ACS3-HMAC-SHA256 Credential=${client.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  const accept = format === null ? {} : { accept: format === 'XML' ? 'text/xml' : 'application/json' };
  const { host: _, ...headers }: Record<string, string> = { ...signed, ...accept, authorization };
  return { method, path: query === '' ? '/' : `/?${query}`, headers, body: inBody ? body : undefined };
}

/** Parameters in order, encoded and joined. */
function canonical(parameters: Readonly<Record<string, string>>): string {
  const names = Object.keys(parameters).sort();
  return names.map((name) => `${encode(name)}=${encode(parameters[name] ?? '')}`).join('&');
}

/** Letters, digits and `-_.~` stay; of everything else each byte becomes `%XX`. */
function encode(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replaceAll(
    /[^A-Za-z0-9\-_.~]/gs,
    (byte) => `%${Buffer.from(byte, 'latin1').toString('hex').toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
