/** What is recorded of every request: its metrics, its span, its line in the log, and the facts on all its lines. */
import type { Socket } from 'node:net';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { currentLogFacts, withLogFacts } from '../../telemetry/context.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RequestMetrics, RequestOutcome } from '../../telemetry/metrics.ts';
import { type RequestSpan, startRequestSpan } from '../../telemetry/tracing.ts';
import { clientAddress } from './client-address.ts';

export interface InstrumentOptions {
  readonly protocol: string;
  readonly metrics: RequestMetrics;
  readonly logger: Logger;
  /** What a request that has ended is counted as, where its path does not say what it asks for. */
  readonly routeOf?: (request: FastifyRequest) => string;
  /** For what machines ask every few seconds: no span, and a line at `debug` only. */
  readonly quiet?: boolean;
}

/**
 * Adds the first hook of `app`: call it before any other is added. A gate that finds out who the caller is says so
 * with `addLogFacts({ account, user })`.
 */
export function instrument(app: FastifyInstance, options: InstrumentOptions): void {
  const { protocol, metrics, logger, quiet = false, routeOf = pathPattern } = options;
  app.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    const { method, id: requestId } = request;
    const address = clientAddress(request);
    const span = quiet ? unspanned : spanOf(request, pathPattern(request), protocol);
    metrics.began(protocol);
    span.run(() =>
      withLogFacts({ requestId, protocol }, () => {
        const facts = currentLogFacts();
        finished(reply.raw, (error) => {
          const ms = performance.now() - startedAt;
          const { statusCode } = reply.raw;
          const route = routeOf(request);
          const bytes = countBytes(request.raw.socket);
          const status = outcomeOf(reply, error);
          metrics.ended({ protocol, method, route, status }, ms / 1000, bytes);
          span.end({ status: statusCode, error: status === 'aborted' ? status : undefined });
          const answer = status === 'aborted' ? { status: statusCode, aborted: true } : { status: statusCode };
          const line = { ...facts, method, route, ...pathOf(request), ...answer, ms: round(ms), ...bytes, address };
          logger[quiet ? 'debug' : 'info'](line, 'request');
        });
        done();
      }),
    );
  });
}

function pathPattern({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? 'unmatched';
}

const unspanned: RequestSpan = { run: (work) => work(), end() {} };

function spanOf(request: FastifyRequest, route: string, protocol: string): RequestSpan {
  const { method, id, headers } = request;
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'client.address': clientAddress(request),
    'mimeo.protocol': protocol,
    'mimeo.request_id': id,
  };
  const { traceparent } = headers;
  return startRequestSpan(`${method} ${route}`, attributes, typeof traceparent === 'string' ? traceparent : undefined);
}

function outcomeOf(reply: FastifyReply, error: Error | null | undefined): RequestOutcome {
  if (error) return 'aborted';
  return `${Math.trunc(reply.raw.statusCode / 100)}xx` as RequestOutcome;
}

/** Without the query, which may hold a signature; of a path that is no route nothing is known. */
function pathOf(request: FastifyRequest): { path?: string } {
  if (request.is404) return {};
  return { path: request.url.split('?', 1)[0]?.slice(0, 256) ?? '' };
}

const seen = new WeakMap<Socket, { received: number; sent: number }>();

/** What went through the connection since the last request on it ended. */
function countBytes(socket: Socket): { received: number; sent: number } {
  const before = seen.get(socket) ?? { received: 0, sent: 0 };
  // Fastify's `inject` has no socket that counts.
  const now = { received: socket.bytesRead ?? 0, sent: socket.bytesWritten ?? 0 };
  seen.set(socket, now);
  return { received: now.received - before.received, sent: now.sent - before.sent };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
