/**
 * What machines ask a server that is run: does it live, can it serve, how does it do. The first two need no credentials and
 * say nothing that would help anybody else.
 */
import { randomUUID } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from '../../telemetry/logger.ts';
import type { RequestMetrics } from '../../telemetry/metrics.ts';
import { boundAnswers, boundBodies } from '../shared/deadlines.ts';
import { instrument } from '../shared/instrument.ts';
import { problemDocument, problemType } from '../shared/problem-document.ts';

export interface OperationsOptions {
  /** Names the parts that fail; none: ready. */
  readonly findFailing: () => Promise<readonly string[]>;
  readonly renderMetrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** Whether the bearer may read the metrics; `open`: everybody may. */
  readonly metricsAccess: 'open' | ((request: FastifyRequest) => Promise<boolean>);
  readonly requestSeconds: number;
  /** Addresses, and ranges of them, whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics: RequestMetrics;
  readonly logger: Logger;
}

export function createOperations(options: OperationsOptions): FastifyInstance {
  const { findFailing, renderMetrics, metricsAccess, trustedProxies, logger } = options;
  const trustProxy = trustedProxies === undefined ? false : [...trustedProxies];
  const app = fastify({ genReqId: () => randomUUID(), bodyLimit: 1024, return503OnClosing: false, trustProxy });
  instrument(app, { protocol: 'operations', metrics: options.metrics, logger, quiet: true });
  boundBodies(app, options.requestSeconds);
  boundAnswers(app, options.requestSeconds);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' });
  });
  app.setNotFoundHandler((request, reply) => {
    const title = `there is no ${request.method} ${request.url.split('?', 1)[0]}`;
    return refuse(reply, 'route.not-found', 404, title);
  });
  app.setErrorHandler((error: { statusCode?: number; message?: string }, request, reply) => {
    const { statusCode = 500, message = '' } = error;
    if (statusCode < 500) return refuse(reply, 'request.invalid', statusCode, message);
    logger.error({ error }, 'request failed');
    return refuse(reply, 'internal', 500, 'internal error', { requestId: request.id });
  });

  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const failing = await findFailing();
    if (failing.length === 0) return { status: 'ok' };
    return reply.code(503).send({ status: 'unavailable', failing });
  });

  app.get('/metrics', async (request, reply) => {
    if (metricsAccess !== 'open' && !(await metricsAccess(request))) {
      reply.header('www-authenticate', 'Bearer');
      return refuse(reply, 'unauthenticated', 401, 'the request carries no credentials that metrics are shown to');
    }
    const { type, text } = await renderMetrics();
    return reply.type(type).send(text);
  });
  return app;
}

function refuse(reply: FastifyReply, code: string, status: number, title: string, facts: object = {}): FastifyReply {
  return reply
    .code(status)
    .type(problemType)
    .send(JSON.stringify(problemDocument(code, status, title, facts)));
}
