/**
 * What is signed of a request (reference §1.3). Each byte of it is a character (Latin-1), as Node has them. Paths and
 * queries are decoded before they are encoded, so that it does not matter how a client, or a proxy, writes them.
 * Everything here takes time in proportion to the request, sorting aside: nobody has proved anything yet.
 */
import { createHash } from 'node:crypto';
import { percentDecode, percentEncode } from '../../shared/percent-encoding.ts';
import { splitUrl } from '../../shared/raw-request.ts';
import type { JdcloudRequest } from '../request.ts';
import type { Authorization } from './authorization.ts';

/** How the request that a client signed may differ from the one that arrived. */
export interface Reading {
  /** What it took for its host. */
  readonly host: string | undefined;
  /** Whether what has no `=` in the query was signed. */
  readonly bareKeys: boolean;
}

/** The request's canonical forms: what they have in common is made once, however many a client may have signed. */
export function canonicalRequests(
  { method, url, headers, body }: JdcloudRequest,
  { signedHeaders, scheme }: Pick<Authorization, 'signedHeaders' | 'scheme'>,
): (reading: Reading) => string {
  const [path, query] = splitUrl(url);
  const canonical = canonicalPath(path, scheme.plusIsSpaceInPaths);
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const queries = new Map<boolean, string>();
  return ({ host, bareKeys }) => {
    const lines = signedHeaders.map((name) => {
      const value = (name === 'host' ? host : headers.get(name)) ?? '';
      return `${name}:${scheme.collapsesBlanks ? collapseBlanks(value) : value}\n`;
    });
    const items = queries.get(bareKeys) ?? canonicalQuery(query, bareKeys);
    queries.set(bareKeys, items);
    return [method, canonical, items, lines.join(''), signedHeaders.join(';'), bodyHash].join('\n');
  };
}

/** Which path is meant is read after decoding, too, so `%2F` is a slash like any other. */
function canonicalPath(path: string, plusIsSpace: boolean): string {
  const decoded = percentDecode(plusIsSpace ? path.replaceAll('+', ' ') : path);
  const segments = `/${decoded}`.replaceAll(/\/+/g, '/').split('/');
  return segments.map(percentEncode).join('/');
}

function canonicalQuery(query: string, bareKeys: boolean): string {
  return itemsOf(query)
    .filter((item) => bareKeys || !isBare(item))
    .map(encodePair)
    .filter(([name]) => name !== '')
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Whether one of the query's items has no `=`. */
export function hasBareKeys(url: string): boolean {
  return itemsOf(splitUrl(url)[1]).some(isBare);
}

function itemsOf(query: string): string[] {
  return query.split('&').filter((item) => item !== '');
}

function isBare(item: string): boolean {
  return !item.includes('=');
}

function encodePair(item: string): readonly [name: string, value: string] {
  const equals = item.indexOf('=');
  const [name, value] = equals < 0 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)];
  const encode = (text: string) => percentEncode(percentDecode(text.replaceAll('+', ' ')));
  return [encode(name), encode(value)];
}

/** By bytes. */
function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

function collapseBlanks(value: string): string {
  return value.replaceAll(/[\t ]+/g, ' ');
}
