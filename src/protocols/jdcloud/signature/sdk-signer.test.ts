/** What JD Cloud's own client from npm signs, whatever the request is. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FaultError } from '../../shared/faults.ts';
import { splitUrl } from '../../shared/raw-request.ts';
import type { JdcloudRequest } from '../request.ts';
import { readAuthorization } from './authorization.ts';
import { verifySignature } from './verify-signature.ts';

const accessKeyId = 'AKEXAMPLE0123456789';
const secret = 'SKexample/abcdefghijklmnopqrstuvwxyz0123';
const date = '20260101T000000Z';

/** The client's request, as node-fetch would send it. */
interface SdkRequest {
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Iterable<readonly [name: string, value: string]>;
    readonly body: Uint8Array | null;
  };
}

interface Sdk {
  readonly config: { logger: () => void };
  readonly JCRequest: new (
    service: object,
    path: string,
    method: string,
    path_: object,
    query: object,
    headers: object,
    form: object,
    body: object | undefined,
    contentTypes: readonly string[],
    accepts: readonly string[],
  ) => SdkRequest;
}

type SdkSigner = new (
  request: SdkRequest,
  service: string,
) => { addAuthorization(credentials: object, date: Date): void };

const require = createRequire(import.meta.url);
const sdk = require('jdcloud-sdk-js') as Sdk;
const Signer = require('jdcloud-sdk-js/src/lib/signers/v2.js') as SdkSigner;
// It prints what it signs otherwise.
sdk.config.logger = () => {};

interface Call {
  readonly method: string;
  readonly id: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: object | undefined;
}

/** What arrives of it. */
function sign({ method, id, query, headers, data }: Call): JdcloudRequest {
  const json = ['application/json'];
  const service = { config: { basePath: '/v1', endpoint: { protocol: 'http', host: 'vm.example.test:7420' } } };
  const path = { regionId: 'north', id };
  const made = new sdk.JCRequest(
    service,
    '/regions/{regionId}/a/{id}:b',
    method,
    path,
    query,
    headers,
    {},
    data,
    json,
    json,
  );
  const credentials = { accessKeyId, secretAccessKey: secret };
  new Signer(made, 'vm').addAuthorization(credentials, new Date('2026-01-01T00:00:00Z'));
  const { request } = made;
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    url: pathname + search,
    headers: new Map([...request.headers].map(([name, value]) => [name, value.trim()])),
    body: request.body ?? new Uint8Array(),
  };
}

/** Whether it is the key's, and its signature right. */
function isRight(request: JdcloudRequest, key = secret): boolean {
  try {
    const authorization = readAuthorization(request.headers);
    const { scope, date } = authorization;
    const isOurs = authorization.accessKeyId === accessKeyId && date.startsWith(scope.day);
    return isOurs && verifySignature(request, authorization, { secret: key, hosts: [] }).isRight;
  } catch (error) {
    if (error instanceof FaultError) return false;
    throw error;
  }
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
/** Of others JavaScript's order, in which the client sorts, is not that of what is signed. */
const name = fc.string({ unit: fc.constantFrom(...'aZ09.-_~'), minLength: 1, maxLength: 4 });
const calls: fc.Arbitrary<Call> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    id: fc
      .string({ unit: fc.constantFrom(...'aZ9 "\'<>{}|$&=+:;,@!()*_-.~%?#ß大'), maxLength: 8 })
      .map((id) => `${id}x`),
    query: fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    headers: fc.constantFrom({}, { 'x-jdcloud-security-token': 'YWJj' }, { 'x-extra': 'a  \t b' }),
    data: fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined }),
  })
  .map((call) => (call.method === 'GET' ? { ...call, data: undefined } : call));

it('verifies, with the right secret alone', () => {
  fc.assert(
    fc.property(calls, (call) => {
      const request = sign(call);
      expect(request.headers.get('x-jdcloud-date')).toBe(date);
      expect(isRight(request)).toBe(true);
      expect(isRight(request, `${secret} `)).toBe(false);
    }),
    { numRuns: 150 },
  );
});

it('verifies however paths and queries are written', () => {
  fc.assert(
    fc.property(calls, (call) => {
      const request = sign(call);
      const [path, query] = splitUrl(request.url);
      const escapeAll = (part: string) =>
        part.replaceAll(/%..|[^/&=?]/g, (each) => {
          return each.length === 3 ? each.toLowerCase() : `%${each.charCodeAt(0).toString(16)}`;
        });
      const written = `//${escapeAll(path)}?${escapeAll(query).split('&').reverse().join('&&')}&`;
      expect(isRight({ ...request, url: written })).toBe(true);
      expect(isRight({ ...request, url: request.url.replaceAll('%20', '+').replaceAll('%3A', ':') })).toBe(
        // In a path '+' is itself.
        !path.includes('%20'),
      );
    }),
    { numRuns: 150 },
  );
});

it('does not verify once anything of it has changed', () => {
  const change = fc.record({
    place: fc.constantFrom('method', 'url', 'header', 'body'),
    at: fc.nat(),
    to: fc.constantFrom(...'aZ0%+&=;~/.#?A\u00e9'),
    removed: fc.nat({ max: 1 }),
  });
  fc.assert(
    fc.property(calls, change, (call, { place, at, to, removed }) => {
      const request = sign(call);
      const replace = (from: string) => {
        const index = at % (from.length + 1 - Math.min(removed, from.length));
        return from.slice(0, index) + to + from.slice(index + removed);
      };
      const changed = changeOf(request, place, at, replace);
      fc.pre(meaningOf(changed) !== meaningOf(request));
      expect(isRight(changed)).toBe(false);
    }),
    { numRuns: 400 },
  );
});

function changeOf(
  request: JdcloudRequest,
  place: string,
  at: number,
  replace: (from: string) => string,
): JdcloudRequest {
  if (place === 'method') return { ...request, method: request.method === 'GET' ? 'POST' : 'GET' };
  if (place === 'url') return { ...request, url: `/${replace(request.url.slice(1))}` };
  if (place === 'body') {
    return { ...request, body: Buffer.from(replace(Buffer.from(request.body).toString('latin1')), 'latin1') };
  }
  const names = [...request.headers.keys()];
  const changed = names[at % names.length] ?? '';
  const value = replace(request.headers.get(changed) ?? '').trim();
  return { ...request, headers: new Map([...request.headers, [changed, value]]) };
}

/** Another escape, order of the query, run of slashes or blanks, or an item without a name makes no difference. */
function meaningOf({ method, url, headers, body }: JdcloudRequest): string {
  const [path, query] = splitUrl(url);
  // Of a read, what has no '=' need not be signed.
  const items = query.split('&').filter((item) => method !== 'GET' || item.includes('='));
  const pairs = [...new URLSearchParams(items.join('&'))].filter(([key]) => key !== '');
  const values = [...headers].map(([key, value]) => [key, plainOf(key, value)]);
  const sorted = pairs.map((pair) => JSON.stringify(pair)).sort();
  return JSON.stringify([method, pathOf(path), sorted, values, Buffer.from(body).toString('hex')]);
}

/** The header's parts may have blanks around them. */
function plainOf(key: string, value: string): string {
  return key === 'authorization' ? value.replaceAll(/ *([,=]) */g, '$1') : value.replaceAll(/[\t ]+/g, ' ');
}

function pathOf(path: string): string {
  try {
    return decodeURIComponent(path).replaceAll(/\/+/g, '/');
  } catch {
    return path.replaceAll(/\/+/g, '/');
  }
}
