/**
 * One HTTP request over `node:http`, whose body may be a stream. Not fetch: its streams cost a copy and a promise a
 * piece, which halves what an import of a large image reaches.
 */
import { randomUUID } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { systemClock } from '../lib/clock.ts';
import { contentDigest, signRequest } from '../lib/http-signature.ts';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** Where a server is and how to prove who asks; without token and key it refuses. */
export interface ServerAddress {
  readonly url: URL;
  readonly token?: string | undefined;
  /** Requests are signed with it. */
  readonly accessKey?: AccessKey | undefined;
  /** Certificates (PEM) that vouch for an `https:` server, instead of those that Node trusts. */
  readonly ca?: string | undefined;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each piece has been handed to the system before the next one is asked for. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of silence after which the server counts as gone; waits for ever without it. */
  readonly timeout?: number;
}

/** What Node calls a certificate that nobody it trusts has signed. */
const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The server can't be reached, or the connection broke off. */
export class UnreachableError extends CliError {
  constructor(url: URL, cause: unknown) {
    const why = cause instanceof Error ? cause.message || systemCode(cause) : String(cause);
    super(`the server at ${url.href} can't be reached: ${why}`, {
      cause,
      exitCode: exitCodes.unreachable,
      advice: untrusted.has(systemCode(cause) ?? '')
        ? 'name the certificates that vouch for it with --ca-file'
        : 'start it with: mimeo serve, or name another with --server; mimeo doctor tells more',
    });
    this.name = 'UnreachableError';
  }
}

/** The head of the answer, whatever its status; its body is still to be read. */
export async function send(server: ServerAddress, options: OutgoingRequest): Promise<IncomingMessage> {
  const { method, path, body, signal, timeout = 0 } = options;
  signal?.throwIfAborted();
  const target = new URL(`${server.url.href.replace(/\/$/, '')}/api/v1${path}`);
  const headers = { ...options.headers, ...proof(server, method, target, body) };
  const open = target.protocol === 'https:' ? requestHttps : requestHttp;
  const { ca } = server;
  const request = open(target, { method, headers, timeout, ...(signal && { signal }), ...(ca && { ca }) });
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

/** The headers that say who asks. A streamed body goes without a digest: it would have to be read twice. */
function proof(
  { token, accessKey }: ServerAddress,
  method: string,
  url: URL,
  body: OutgoingRequest['body'],
): Record<string, string> {
  if (accessKey === undefined) return token === undefined ? {} : { authorization: `Bearer ${token}` };
  return signRequest({
    method,
    url,
    ...(typeof body === 'string' && { digest: contentDigest(body) }),
    keyId: accessKey.id,
    secret: accessKey.secret,
    created: Math.floor(systemClock.now() / 1000),
    nonce: randomUUID(),
  });
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
