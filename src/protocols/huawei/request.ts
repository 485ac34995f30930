/** What a request says, before anything of it is believed. */
import type { FastifyRequest } from 'fastify';
import { FaultError } from '../shared/faults.ts';
import { isObject } from '../shared/parameters.ts';
import { bytesOf, parseJson, splitUrl } from '../shared/raw-request.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import { readHeaders } from './signature/headers.ts';

/** Nothing in it has been decoded, so that nothing is lost: its signature is made of it. */
export interface HuaweiRequest {
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly url: string;
  /** By names in lower case, as `readHeaders` has them: each byte a character (Latin-1). */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes that came; null: they are streamed, and whoever reads them has to hash them. */
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

const noJson = 'the body is no JSON';

/** Undefined where there is none; clients write `{}` into requests that have none, too. */
export function readJson(body: Uint8Array, malformed: Fault): unknown {
  if (body.length === 0) return undefined;
  try {
    return parseJson(body);
  } catch (cause) {
    throw new FaultError(malformed, noJson, { cause });
  }
}

export function requireObject(value: unknown, malformed: Fault): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new FaultError(malformed, noJson);
  return value;
}
