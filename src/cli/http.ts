/**
 * One HTTP request over `node:http`, whose body may be a stream. Not fetch: its streams cost a copy and a promise a
 * piece, which halves what an import of a large image reaches.
 */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

export interface ServerAddress {
  readonly url: URL;
  /** Undefined asks without one, which the server refuses. */
  readonly token: string | undefined;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each piece has been handed to the system before the next one is asked for. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of silence after which the server counts as gone; waits for ever without it. */
  readonly timeout?: number;
}

/** The server can't be reached, or the connection broke off. */
export class UnreachableError extends CliError {
  constructor(url: URL, cause: unknown) {
    const why = cause instanceof Error ? cause.message || systemCode(cause) : String(cause);
    super(`the server at ${url.href} can't be reached: ${why}`, {
      cause,
      exitCode: exitCodes.unreachable,
      advice: 'start it with: mimeo serve, or name another with --server; mimeo doctor tells more',
    });
    this.name = 'UnreachableError';
  }
}

/** The head of the answer, whatever its status; its body is still to be read. */
export async function send(server: ServerAddress, options: OutgoingRequest): Promise<IncomingMessage> {
  const { method, path, body, signal, timeout = 0 } = options;
  signal?.throwIfAborted();
  const headers = {
    ...options.headers,
    ...(server.token === undefined ? {} : { authorization: `Bearer ${server.token}` }),
  };
  const target = new URL(`${server.url.href.replace(/\/$/, '')}/api/v1${path}`);
  const open = target.protocol === 'https:' ? requestHttps : requestHttp;
  const request = open(target, { method, headers, timeout, ...(signal && { signal }) });
  request.on('timeout', () => request.destroy(new Error(`no answer for ${timeout / 1000} seconds`)));

  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  // It is awaited below, once the body is out; until then a failure must not count as unhandled.
  answer.catch(() => {});
  try {
    await sendBody(request, body);
  } catch (error) {
    request.destroy();
    throw error;
  }
  try {
    const response = await answer;
    // A server that answered before it had the whole body: the connection is of no further use.
    if (!request.writableEnded) response.on('end', () => request.destroy());
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(server.url, error);
  }
}

/** Returns when the body is out, or when nobody will read the rest: the server has answered or hung up. */
async function sendBody(request: ClientRequest, body: string | AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (body === undefined || typeof body === 'string') {
    request.end(body);
    return;
  }
  let unwanted = false;
  const stop = () => {
    unwanted = true;
  };
  request.once('response', stop).once('close', stop);
  for await (const piece of body) {
    if (unwanted) return;
    await write(request, piece);
    if (unwanted) return;
  }
  request.end();
}

function write(request: ClientRequest, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      request.off('response', done).off('close', done);
      resolve();
    };
    request.once('response', done).once('close', done);
    request.write(piece, done);
  });
}
