/** What the real SDK signs, whatever the request is. */
import { createHash } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'node:querystring';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HuaweiRequest } from '../request.ts';
import { readHeaders } from './headers.ts';
import { readSignature, SignatureSyntaxError, type SignatureVerdict } from './read-signature.ts';

const accessKeyId = 'AKEXAMPLE0123456789';
const secret = 'SKexample/abcdefghijklmnopqrstuvwxyz0123';
const right = { isRight: true, mustHash: null };

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

/** The headers, the URL and the body that the SDK would send. */
function sign({ method, path, query = {}, headers = {}, data }: Call) {
  const credential = {
    getAk: () => accessKeyId,
    getSk: () => secret,
    processAuthRequest: () => Promise.reject(new Error('signs only')),
    processAuthParams: () => Promise.reject(new Error('signs only')),
  };
  const given = { 'X-Sdk-Date': '20260101T000000Z', 'content-type': 'application/json', ...headers };
  const endpoint = `http://ims.eu-de.example.test${path}`;
  const signed = AKSKSigner.sign({ method, endpoint, queryParams: query, headers: given, data }, credential);
  const question = stringify(query);
  return {
    headers: Object.entries<string>({ ...given, ...signed }),
    // As axios writes it.
    url: new URL(endpoint).pathname + (question === '' ? '' : `?${question}`),
    body: data === undefined ? '' : JSON.stringify(data),
  };
}

function received(call: Call): HuaweiRequest {
  const { headers, url, body } = sign(call);
  return { method: call.method, url, headers: readHeaders(headers.flat()) ?? new Map(), body: Buffer.from(body) };
}

function verify(request: HuaweiRequest, key = secret): SignatureVerdict | undefined {
  const signature = readSignature(request);
  // Who it is says which secret it has to be.
  return signature?.verify(signature.accessKeyId === accessKeyId ? key : 'of somebody else');
}

/** Beyond U+D7FF JavaScript's order of strings is not that of their bytes; the SDK sorts names and values in it. */
const text = fc.string({ unit: fc.nat({ max: 0xd7ff }).map((code) => String.fromCharCode(code)), maxLength: 8 });
/** Of `'`, `|` and others the SDK's two URL parsers make different paths: it can't sign them right. */
const segment = fc
  .string({ unit: fc.constantFrom(...'aZ9 "<>{}&=+:;,@!$()*_-.~ß大'), maxLength: 8 })
  .map((each) => `${each}x`);
const calls = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
  path: fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/v2/${segments.join('/')}`),
  query: fc.dictionary(
    text.filter((name) => name !== ''),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4, noNullPrototype: true },
  ),
  headers: fc.constantFrom({}, { 'X-Project-Id': 'p', 'X-Security-Token': 'st/to+ken==' }),
  data: fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined }),
});

it('verifies, with the right secret alone', () => {
  fc.assert(
    fc.property(calls, (call) => {
      const request = received(call);
      expect(verify(request)).toEqual(right);
      expect(verify(request, `${secret} `)).toMatchObject({ isRight: false });
    }),
    { numRuns: 300 },
  );
});

it('does not verify once anything of it has changed', () => {
  const place = fc.constantFrom('method' as const, 'url' as const, 'header' as const, 'body' as const);
  const change = fc.record({
    place,
    at: fc.nat(),
    to: fc.constantFrom(...'aZ0%+&=;~/.#?A\u00e9'),
    removed: fc.nat({ max: 1 }),
  });
  fc.assert(
    fc.property(calls, change, (call, { place: where, at, to, removed }) => {
      const request = received(call);
      const replace = (from: string) => {
        const index = at % (from.length + 1 - Math.min(removed, from.length));
        return from.slice(0, index) + to + from.slice(index + removed);
      };
      const changed = changeOf(request, where, at, replace);
      fc.pre(meaningOf(changed) !== meaningOf(request));
      expect(isVerified(changed)).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

function isVerified(request: HuaweiRequest): boolean {
  try {
    return verify(request)?.isRight ?? false;
  } catch (error) {
    if (error instanceof SignatureSyntaxError) return false;
    throw error;
  }
}

function changeOf(
  request: HuaweiRequest,
  place: 'method' | 'url' | 'header' | 'body',
  at: number,
  replace: (from: string) => string,
): HuaweiRequest {
  if (place === 'method') return { ...request, method: request.method === 'GET' ? 'POST' : 'GET' };
  if (place === 'url') return { ...request, url: `/${replace(request.url.slice(1))}` };
  if (place === 'body') {
    return { ...request, body: Buffer.from(replace(Buffer.from(request.body ?? '').toString('latin1')), 'latin1') };
  }
  const names = [...request.headers.keys()];
  const name = names[at % names.length] ?? '';
  return { ...request, headers: new Map([...request.headers, [name, replace(request.headers.get(name) ?? '')]]) };
}

/** Escapes that stand for the same, the order of the query, and a slash at the end say nothing. */
function meaningOf({ method, url, headers, body }: HuaweiRequest): string {
  const [path = '', ...rest] = url.split('?');
  const query = [...new URLSearchParams(rest.join('?'))].map((pair) => JSON.stringify(pair)).sort();
  return JSON.stringify([method, slashed(decoded(path)), query, [...headers], Buffer.from(body ?? '').toString('hex')]);
}

function slashed(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** Segment by segment, so that `%2F` is no slash. */
function decoded(path: string): string {
  try {
    return path
      .split('/')
      .map((each) => encodeURIComponent(decodeURIComponent(each)))
      .join('/');
  } catch {
    return path;
  }
}

describe('a body', () => {
  const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');
  const call = (type: string, claim: string): Call => ({
    method: 'PATCH',
    path: '/v2/images/i',
    headers: { 'content-type': type, 'X-Sdk-Content-Sha256': claim },
  });
  const patch = 'application/openstack-images-v2.1-json-patch';
  const ask = (type: string, claim: string, body: string | null, changed: Readonly<Record<string, string>> = {}) => {
    const request = received(call(type, claim));
    const headers = new Map([...request.headers, ...Object.entries(changed)]);
    return verify({ ...request, headers, body: body === null ? null : Buffer.from(body) });
  };
  const wrong = expect.objectContaining({ isRight: false });

  it('that is not signed is taken for types that are no JSON, and signed', () => {
    expect(ask(patch, 'UNSIGNED-PAYLOAD', '[]')).toEqual(right);
    expect(ask('application/octet-stream', 'UNSIGNED-PAYLOAD', null)).toEqual(right);
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/json;x']) {
      expect(ask(type, 'UNSIGNED-PAYLOAD', '{}')).toEqual(wrong);
      expect(ask(type, 'UNSIGNED-PAYLOAD', null)).toEqual(wrong);
    }
    // The type is changed on the way.
    expect(ask(patch, 'UNSIGNED-PAYLOAD', '{}', { 'content-type': 'application/octet-stream' })).toEqual(wrong);
    expect(ask(patch, 'unsigned-payload', '[]')).toEqual(wrong);
    // The SDK does not sign this type.
    expect(ask('multipart/form-data', 'UNSIGNED-PAYLOAD', 'x')).toEqual(wrong);
  });

  it('that was read has the hash that is claimed', () => {
    expect(ask('application/json', sha256('{}'), '{}')).toEqual(right);
    expect(ask('application/json', sha256('{}').toUpperCase(), '{}')).toEqual(right);
    expect(ask('application/json', sha256('{}'), '{ }')).toEqual(wrong);
    expect(ask('application/json', sha256('{}'), '')).toEqual(wrong);
    expect(ask('application/json', 'anything', '{}')).toEqual(wrong);
  });

  it('that is streamed is held to the claim, and without one to being empty', () => {
    const claim = sha256('a disk').toUpperCase();
    expect(ask('application/octet-stream', claim, null)).toEqual({ isRight: true, mustHash: claim.toLowerCase() });
    expect(verify({ ...received({ method: 'PUT', path: '/v2/images/i/file' }), body: null })).toEqual({
      isRight: true,
      mustHash: sha256(''),
    });
    expect(verify({ ...received({ method: 'PUT', path: '/v2/images/i/file', data: {} }), body: null })).toEqual(wrong);
  });

  it("that is empty, or sent, and signed as such stays so whatever is said, as Python's SDK does", () => {
    for (const data of [undefined, {}]) {
      const request = received({ method: 'PATCH', path: '/', headers: { 'content-type': patch }, data });
      const headers = new Map([...request.headers, ['x-sdk-content-sha256', 'UNSIGNED-PAYLOAD']]);
      expect(verify({ ...request, headers })).toEqual(right);
      expect(verify({ ...request, headers, body: Buffer.from('[]') })).toEqual(wrong);
    }
  });
});

it('comes through HTTP, with headers beyond ASCII', async () => {
  const call = { method: 'POST', path: '/v2/größe 1', headers: { 'x-name': 'Größe à' }, data: { name: 'größe' } };
  const { headers, url, body } = sign(call);
  const verdict = new Promise((resolve) => {
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      response.end();
      server.close();
      const read = { method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(chunks) };
      resolve(verify({ ...read, headers: readHeaders(request.rawHeaders) ?? new Map() }));
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      // Blanks around a value are no part of it; Node sends a character as a byte.
      const sent = headers.map(([name, value]) => [name, `${Buffer.from(value).toString('latin1')} `]);
      httpRequest({ port, path: url, method: 'POST', headers: Object.fromEntries(sent), agent: false }).end(
        Buffer.from(body),
      );
    });
  });
  expect(await verdict).toEqual(right);
});
