/**
 * The native API (docs/native-api.md): a Fastify instance of its own, with its own gate, error shape and 404. The gate runs
 * before routing has any effect: a request that proves nothing learns nothing, not even which routes there are.
 */
import { randomUUID } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { z } from 'zod';
import type { AppContext } from '../../app/context.ts';
import { addLogFacts } from '../../telemetry/context.ts';
import type { RequestMetrics } from '../../telemetry/metrics.ts';
import { clientAddress } from '../shared/client-address.ts';
import { boundAnswers, boundBodies } from '../shared/deadlines.ts';
import { instrument } from '../shared/instrument.ts';
import { problemType } from '../shared/problem-document.ts';
import { createRateLimits } from '../shared/rate-limit.ts';
import type { Transfers } from '../shared/transfers.ts';
import { authenticate } from './authentication.ts';
import { checkDigest } from './body-digest.ts';
import { contentRoutes } from './content.ts';
import { toAnswer } from './errors.ts';
import { parse, text } from './input.ts';
import type { ServerStatus } from './operation.ts';
import { operations } from './operations.ts';
import { protocolError } from './protocol-error.ts';
import { registerRoutes } from './routes.ts';

export interface NativeApiLimits {
  /** Of one user; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Of a JSON body. */
  readonly bodyBytes: number;
  /** How long a JSON body may take to arrive, and an answer that is sent as a whole to be taken. */
  readonly requestSeconds: number;
  /** How often whoever watches something hears that the server is there, and the server asks whether they still may. */
  readonly heartbeatMs: number;
  /** How far the clock of a signed request may be off. */
  readonly clockMs: number;
}

export interface NativeApiOptions {
  readonly context: AppContext;
  readonly status: () => Promise<ServerStatus>;
  readonly limits: NativeApiLimits;
  readonly transfers: Transfers;
  /** Addresses, and ranges of them, whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics: RequestMetrics;
}

/** Of whatever path: what the database cannot hold is nobody's id. */
const pathFields = z.record(text, text);

export function createNativeApi(options: NativeApiOptions): FastifyInstance {
  const { context, status, limits, transfers, trustedProxies, metrics } = options;
  const { logger } = context;
  const app = fastify({
    logger: false,
    trustProxy: trustedProxies === undefined ? false : [...trustedProxies],
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytes,
    // As long as a request line may be at all: an id that is too long is refused as what it is.
    routerOptions: { maxParamLength: 16_384 },
    // Such requests meet no hook.
    frameworkErrors: (error, request, reply) => {
      const refuse = () => fail(error, request, reply);
      gate(request, reply).then(refuse, (refusal: unknown) => fail(refusal, request, reply));
    },
  });
  instrument(app, { protocol: 'native', metrics, logger });
  boundAnswers(app, limits.requestSeconds);
  const rates = createRateLimits(app, {
    requestsPerMinute: limits.requestsPerMinute,
    refuse: (seconds) => protocolError('rate.limited', {}, { 'retry-after': String(seconds) }),
  });

  /** Lets in whoever proves who they are, as often as they may. */
  async function gate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' });
    const principal = await authenticate(request, { context, clockMs: limits.clockMs });
    if (principal === undefined) {
      await rates.countFailure(request);
      throw protocolError('unauthenticated', {}, { 'www-authenticate': 'Bearer' });
    }
    request.caller = {
      ...principal,
      origin: { protocol: 'native', requestId: request.id, address: clientAddress(request) },
    };
    addLogFacts({ account: principal.accountId, user: principal.name });
    await rates.countRequest(request, reply);
  }

  function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { problem, headers } = toAnswer(error, { request: request.id, bodyBytes: limits.bodyBytes });
    if (reply.raw.destroyed || request.raw.readableAborted) logger.info({}, 'the client went away');
    else if (problem.status >= 500) logger.error({ error }, 'request failed');
    return reply.code(problem.status).headers(headers).type(problemType).send(JSON.stringify(problem));
  }

  app.addHook('onRequest', gate);
  app.setErrorHandler((error, request, reply) => fail(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    return fail(protocolError('route.not-found', { method: request.method, path }), request, reply);
  });

  app.register(
    async (api) => {
      api.register(async (json) => {
        boundBodies(json, limits.requestSeconds);
        json.addHook('preParsing', async (request, _reply, payload) => checkDigest(request, payload));
        json.removeAllContentTypeParsers();
        const parser = json.getDefaultJsonParser('error', 'error');
        json.addContentTypeParser(/^application\/json *(; *charset="?utf-8"? *)?$/i, { parseAs: 'string' }, parser);
        registerRoutes(json, operations, { context: { ...context, status }, heartbeatMs: limits.heartbeatMs });
      });
      api.register(async (content) => {
        content.addHook('preParsing', async (request, _reply, payload) => checkDigest(request, payload));
        content.addHook('preValidation', async ({ params }) => void parse(pathFields, params));
        contentRoutes(content, context, transfers);
      });
    },
    { prefix: '/api/v1' },
  );
  return app;
}
