/**
 * What a request says, wherever its client put it: in the query, in a form, in headers. Reading never fails: how the answer is
 * to be written is known also of a request that is refused.
 */
import type { FastifyRequest } from 'fastify';
import { FaultError } from '../shared/faults.ts';
import { bytesOf, headerPairs, splitUrl } from '../shared/raw-request.ts';
import { commonFaults } from './common-faults.ts';
import { services } from './operation.ts';
import { serviceOf } from './operations.ts';
import type { Values } from './parameters.ts';

export interface AliyunRequest {
  /** `acs3` if `Authorization` says so, whatever else there is; all others sign as RPC requests do. */
  readonly scheme: 'rpc' | 'acs3';
  readonly method: string;
  readonly query: Values;
  /** Those of the query and of the form. */
  readonly values: Values;
  /** As it was sent. */
  readonly body: Uint8Array;
  /** By names in lower case; one that came more than once is {@link unclear}. */
  readonly headers: ReadonlyMap<string, string>;
  readonly host: string;
  /** Empty where the request names none. */
  readonly action: string;
  readonly version: string;
  /** What can be understood in more than one way, so that it would not be clear what was signed. */
  readonly unclear: string | undefined;
}

const formType = /^application\/x-www-form-urlencoded *(;|$)/i;

export function readRequest({ raw, body: parsed }: Pick<FastifyRequest, 'raw' | 'body'>): AliyunRequest {
  const { method = '', url = '', rawHeaders } = raw;
  const doubts = new Set<string>();
  const headers = readHeaders(rawHeaders, doubts);
  const body = bytesOf(parsed);
  const contentType = headers.get('content-type');
  const isForm = contentType === undefined || formType.test(contentType);
  if (body.length > 0 && !isForm) doubts.add('Content-Type');
  const query = readForm(splitUrl(url)[1], doubts);
  const form = readForm(isForm ? Buffer.from(body).toString('utf8') : '', doubts);
  const values = unite(query, form, doubts);
  const scheme = headers.get('authorization')?.startsWith('ACS3-') ? 'acs3' : 'rpc';
  const named = (name: string) => {
    const [parameter, header] = [values.get(name), headers.get(`x-acs-${name.toLowerCase()}`)];
    if (parameter !== undefined && header !== undefined && parameter !== header) doubts.add('Action or Version');
    // Of an RPC request no header is signed.
    return (scheme === 'acs3' ? (header ?? parameter) : parameter) ?? '';
  };
  return {
    scheme,
    method,
    query,
    values,
    body,
    headers,
    host: headers.get('host') ?? '',
    action: named('Action'),
    version: named('Version'),
    unclear: [...doubts][0],
  };
}

export type Format = 'JSON' | 'XML';

/** As which an answer is written. */
export function formatOf({ scheme, values, headers, version }: AliyunRequest): Format {
  if (scheme === 'acs3') {
    const accept = headers.get('accept') ?? '';
    return /xml/i.test(accept) && !/json/i.test(accept) ? 'XML' : 'JSON';
  }
  const format = values.get('Format')?.toUpperCase();
  return format === 'JSON' || format === 'XML' ? format : services[serviceOf(version)].format;
}

export function missing(name: string): FaultError {
  return new FaultError(commonFaults.missingParameter, name);
}

function readHeaders(rawHeaders: readonly string[], doubts: Set<string>): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of headerPairs(rawHeaders)) {
    if (headers.has(name) && isSingle(name)) doubts.add(name);
    headers.set(name, value);
  }
  return headers;
}

/** Of these another reader might take the other one. */
function isSingle(name: string): boolean {
  return ['host', 'authorization', 'content-type'].includes(name) || name.startsWith('x-acs-');
}

/** `+` and `%20` are spaces; what is no UTF-8 becomes U+FFFD, of which nobody has made a signature. */
function readForm(text: string, doubts: Set<string>): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if ((values.get(name) ?? value) !== value) doubts.add(name);
    values.set(name, value);
  }
  return values;
}

function unite(query: Values, form: Values, doubts: Set<string>): Values {
  if (form.size === 0) return query;
  for (const [name, value] of form) {
    if ((query.get(name) ?? value) !== value) doubts.add(name);
  }
  return new Map([...query, ...form]);
}
