/**
 * What is signed of a request, in Huawei's form and in Open Telekom Cloud's (reference §1.4, §1.5). Clients disagree in details,
 * so there are several readings of a request; each of them covers its method, path, query, signed headers and body.
 */

import { percentDecode, percentEncode } from '../../shared/percent-encoding.ts';
import { splitUrl } from '../../shared/raw-request.ts';
import type { HuaweiRequest } from '../request.ts';
import { type Payload, payloadsOf } from './payload.ts';

interface CanonicalRequest {
  readonly text: string;
  /** {@link Payload.mustHash} */
  readonly mustHash: string | null;
}

/** The readings of a request, the reference's own first. */
export type Canonicalize = (request: HuaweiRequest, signedHeaders: readonly string[]) => readonly CanonicalRequest[];

export const huaweiCanonicalRequests: Canonicalize = (request, signedHeaders) => {
  const [path, query] = splitUrl(request.url);
  const headers = lines(request, signedHeaders, (value) => value);
  const pairs = readQuery(query).sort((one, other) => compare(one.name, other.name) || compare(one.value, other.value));
  const asQuery = canonicalQuery(pairs);
  const payloads = payloadsOf(request, signedHeaders);
  return pathsOf(path).flatMap((each) =>
    payloads.map((payload) => join(request.method, each, asQuery, headers, payload)),
  );
};

export const otcCanonicalRequests: Canonicalize = (request, signedHeaders) => {
  const { method, url, body } = request;
  const [path, query] = splitUrl(url);
  const headers = lines(request, signedHeaders, (value) => value.replaceAll(/[\t ]+/g, ' '));
  const pairs = readQuery(query);
  const asPath = canonicalPath(path, percentDecode);
  const render = (asQuery: string, payloads: readonly Payload[]) =>
    payloads.map((payload) => join(method, asPath, asQuery, headers, payload));
  const usual = render(otcQuery(method, pairs), payloadsOf(request, signedHeaders));
  if (method !== 'POST' || body?.length !== 0 || pairs.length === 0) return usual;
  // Of a POST with no body at all, the client takes the query for it.
  const form = Buffer.from(goForm(pairs), 'latin1');
  return [...usual, ...render('', payloadsOf({ ...request, body: form }, signedHeaders))];
};

interface Pair {
  readonly name: string;
  readonly value: string;
}

function join(method: string, path: string, query: string, headers: string, { hash, mustHash }: Payload) {
  return { text: [method, path, query, headers, hash].join('\n'), mustHash };
}

/** The headers, an empty line, their names. They are in the order in which the client names them. */
function lines({ headers }: HuaweiRequest, names: readonly string[], normalize: (value: string) => string): string {
  return `${names.map((name) => `${name}:${normalize(headers.get(name) ?? '')}\n`).join('')}\n${names.join(';')}`;
}

/**
 * As most clients encode it; as one that encodes what is encoded already; as Node's, which does so with ASCII alone. Whoever has
 * a signature of `/a%2520b` may send it as `/a%20b`: paths hold nothing but ids and keys of tags, of which one may be named so.
 */
function pathsOf(path: string): readonly string[] {
  const readings = [
    canonicalPath(path, percentDecode),
    canonicalPath(path, (segment) => segment),
    canonicalPath(path, (segment) => percentDecode(segment, 'beyond ASCII')),
  ];
  return [...new Set(readings)];
}

/** A `%2F` is part of its segment: were it a slash, a signature of one path would be good for another. */
function canonicalPath(path: string, decode: (segment: string) => string): string {
  const encoded = path
    .split('/')
    .map((segment) => percentEncode(decode(segment)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

function readQuery(query: string): Pair[] {
  const decode = (text: string) => percentDecode(text.replaceAll('+', ' '));
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...rest] = part.split('=');
      return { name: decode(name), value: decode(rest.join('=')) };
    });
}

function canonicalQuery(pairs: readonly Pair[]): string {
  return pairs.map(({ name, value }) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
}

/**
 * The client signs a repeated name's first value alone. Whoever stands between could add others, so that is enough for a
 * request that only reads; of one that changes something every value has to be signed.
 */
function otcQuery(method: string, pairs: readonly Pair[]): string {
  const reads = method === 'GET' || method === 'HEAD';
  const names = new Set<string>();
  const signed = pairs.filter(({ name }) => !reads || (!names.has(name) && names.add(name)));
  const key = ({ name }: Pair) => percentEncode(name).toLowerCase();
  return canonicalQuery(signed.sort((one, other) => compare(key(one), key(other))));
}

/** As Go's `url.Values` writes it: by name, a name's values in the order in which they came. */
function goForm(pairs: readonly Pair[]): string {
  return canonicalQuery([...pairs].sort((one, other) => compare(one.name, other.name))).replaceAll('%20', '+');
}

/** By bytes. */
function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
