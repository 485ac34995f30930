/** What a request says, before anything of it is believed. */
import type { FastifyRequest } from 'fastify';
import { FaultError } from '../shared/faults.ts';
import { isObject } from '../shared/parameters.ts';
import { bytesOf, headerPairs, parseJson, splitUrl } from '../shared/raw-request.ts';
import { commonFaults } from './common-faults.ts';
import { nest } from './nested-names.ts';

export interface JdcloudRequest {
  readonly method: string;
  /** As it was sent, with the query. */
  readonly url: string;
  /** By names in lower case; values of one name are joined by commas, as they are signed. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it was sent. */
  readonly body: Uint8Array;
}

export function readRequest({ raw, body }: Pick<FastifyRequest, 'raw' | 'body'>): JdcloudRequest {
  return {
    method: raw.method ?? '',
    url: raw.url ?? '',
    headers: readHeaders(raw.rawHeaders),
    body: bytesOf(body),
  };
}

function readHeaders(rawHeaders: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of headerPairs(rawHeaders)) {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** `ids.1=a&ids.2=b` and the like as trees; `+` and `%20` are spaces. */
export function readQuery(url: string): Readonly<Record<string, unknown>> {
  return nest(new URLSearchParams(splitUrl(url)[1]));
}

/** No body at all is an empty object, as is null. */
export function readBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  const value = body.length === 0 ? null : parse(body);
  if (value === null) return {};
  if (!isObject(value)) throw new FaultError(commonFaults.badRequest, 'the body is no JSON object');
  return value;
}

function parse(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch (cause) {
    throw new FaultError(commonFaults.badRequest, 'the body is no JSON', { cause });
  }
}
