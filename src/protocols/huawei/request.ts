/** What a request says, before anything of it is believed. */
import type { FastifyRequest } from 'fastify';
import { commonFaults } from './common-faults.ts';
import { FaultError } from './fault.ts';
import { isObject } from './parameters.ts';
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

const noBody = new Uint8Array();

export function readRequest({ raw, body }: Pick<FastifyRequest, 'raw' | 'body'>, takesBytes: boolean): HuaweiRequest {
  const headers = readHeaders(raw.rawHeaders);
  if (headers === undefined) throw new FaultError(commonFaults.badRequest, 'a header came twice');
  const read = body instanceof Uint8Array ? body : noBody;
  return { method: raw.method ?? '', url: raw.url ?? '', headers, body: takesBytes ? null : read };
}

/** What follows the first `?`, all of it. */
export function searchOf(url: string): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : url.slice(question + 1);
}

/** The first value of each; `+` and `%20` are spaces. */
export function readQuery(url: string): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(searchOf(url))) {
    if (!values.has(name)) values.set(name, value);
  }
  return Object.fromEntries(values);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined where there is none; clients write `{}` into requests that have none, too. */
export function readJson(body: Uint8Array, malformed: FaultError): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(decoder.decode(body));
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
