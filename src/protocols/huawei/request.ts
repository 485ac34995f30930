/** What a request says, before anything of it is believed. */
import type { FastifyRequest } from 'fastify';
import { FaultError } from '../shared/faults.ts';
import { isObject } from '../shared/parameters.ts';
import { bytesOf, parseJson, splitUrl } from '../shared/raw-request.ts';
import { commonFaults } from './common-faults.ts';
import { readHeaders } from './signature/headers.ts';

export interface HuaweiRequest {
  readonly method: string;
  /** As it was sent, with the query. */
  readonly url: string;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Null where it is taken as it comes. */
  readonly body: Uint8Array | null;
}

export function readRequest({ raw, body }: Pick<FastifyRequest, 'raw' | 'body'>, takesBytes: boolean): HuaweiRequest {
  const headers = readHeaders(raw.rawHeaders);
  if (headers === undefined) throw new FaultError(commonFaults.badRequest, 'a header came twice');
  return { method: raw.method ?? '', url: raw.url ?? '', headers, body: takesBytes ? null : bytesOf(body) };
}

/** The first value of each; `+` and `%20` are spaces. */
export function readQuery(url: string): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(splitUrl(url)[1])) {
    if (!values.has(name)) values.set(name, value);
  }
  return Object.fromEntries(values);
}

/** Undefined where there is none; clients write `{}` into requests that have none, too. */
export function readJson(body: Uint8Array, malformed: FaultError): unknown {
  if (body.length === 0) return undefined;
  try {
    return parseJson(body);
  } catch (error) {
    malformed.cause = error;
    throw malformed;
  }
}

export function requireObject(value: unknown, malformed: FaultError): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw malformed;
  return value;
}
