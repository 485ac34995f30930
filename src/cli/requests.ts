/** Requests to the native API as functions of path and body; each gives back what the server's JSON says, or throws. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { retry } from '../lib/retry.ts';
import type { ApiProblem } from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { type OutgoingRequest, type ServerAddress, send, UnreachableError } from './http.ts';

/** What is undefined is left out; what is a list is repeated. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request may have besides path and body. */
export type RequestOptions = Pick<OutgoingRequest, 'headers' | 'signal' | 'timeout'>;

/** Milliseconds; a request that is answered from the database alone and takes longer hangs. */
export const answerTimeout = 30_000;

/** Requests end with `signal`'s reason when it is aborted, unless their own options say otherwise. */
export function createRequests(server: ServerAddress, signal?: AbortSignal, newKey: () => string = randomUUID) {
  const quick = { signal, timeout: answerTimeout };

  async function exchange<Answer>(request: OutgoingRequest): Promise<Answer> {
    const response = await send(server, request);
    return readAnswer(server.url, response, request.signal);
  }
  const put = <Answer>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: object | undefined,
    { headers, ...options }: RequestOptions,
  ) =>
    exchange<Answer>({
      ...options,
      method,
      path,
      ...(body === undefined
        ? headers && { headers }
        : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });

  return {
    exchange,
    get: <Answer>(path: string, query: Query = {}) =>
      exchange<Answer>({ ...quick, method: 'GET', path: withQuery(path, query) }),
    post: <Answer>(path: string, body?: object, options: RequestOptions = quick) =>
      put<Answer>('POST', path, body, options),
    /** A `POST` that makes something: asked a second time when the connection is lost, it is made once all the same. */
    make: <Answer>(path: string, body: object, options: RequestOptions = quick) => {
      const headers = { 'idempotency-key': newKey() };
      return retry(() => put<Answer>('POST', path, body, { ...options, headers }), {
        attempts: 2,
        firstDelay: 200,
        isRetryable: (error) => error instanceof UnreachableError,
        signal: options.signal,
      });
    },
    patch: <Answer>(path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
      put<Answer>('PATCH', path, body, { ...quick, headers }),
    put: <Answer>(path: string, body?: object) => put<Answer>('PUT', path, body, quick),
    remove: (path: string, options: RequestOptions = quick) => exchange<void>({ ...options, method: 'DELETE', path }),
  };
}

/** A path whose variable parts are escaped. */
export function path(texts: TemplateStringsArray, ...parts: (string | number)[]): string {
  return String.raw({ raw: texts }, ...parts.map((part) => encodeURIComponent(part)));
}

function withQuery(path: string, query: Query): string {
  const present = Object.entries(query).flatMap(([name, value = []]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
  return present.length === 0 ? path : `${path}?${new URLSearchParams(present)}`;
}

/** The JSON of an answer that says yes; the error of one that says no. */
export async function readAnswer<Answer>(
  url: URL,
  response: IncomingMessage,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const text = await readText(url, response, signal);
  if (status === 204) return undefined as Answer;
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) return body as Answer;
  if (isProblem(body)) throw new ApiError(status, body, requestIdOf(response));
  throw new CliError(`what answers at ${url.href} is not a Mimeo server (status ${status}, no JSON that Mimeo sends)`, {
    exitCode: exitCodes.unreachable,
    advice: 'check --server, MIMEO_SERVER and --data-dir',
  });
}

async function readText(url: URL, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of source) pieces.push(piece);
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(url, error);
  }
  return Buffer.concat(pieces).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is ApiProblem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}

function requestIdOf({ headers }: IncomingMessage): string | undefined {
  return [headers['x-request-id']].flat()[0];
}
