/**
 * Alibaba Cloud's dialect (docs/protocols/aliyun.md): a Fastify instance of its own, with one path. What is asked for, by whom,
 * about which region and how it is to be answered are all among the request's parameters, the host among none of them.
 */
import { randomUUID } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { addLogFacts } from '../../telemetry/context.ts';
import type { RequestMetrics } from '../../telemetry/metrics.ts';
import { clientAddress } from '../shared/client-address.ts';
import { boundAnswers, boundBodies } from '../shared/deadlines.ts';
import { instrument } from '../shared/instrument.ts';
import { createRateLimits } from '../shared/rate-limit.ts';
import { authenticate } from './authentication.ts';
import { commonFaults } from './common-faults.ts';
import { ThrottledError, toFaultError } from './errors.ts';
import { FaultError, messageOf } from './fault.ts';
import { type AliyunContext, type Operation, services } from './operation.ts';
import { findOperation, serviceOf } from './operations.ts';
import { readParameters } from './parameters.ts';
import { contentTypes, render } from './render.ts';
import { type AliyunRequest, formatOf, missing, readRequest } from './request.ts';
import { requireRight } from './rights.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined until it is known to be one. */
    operation: Operation | undefined;
  }
}

export interface AliyunLimits {
  /** Of one user; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** How long a form may take to arrive, and an answer to be taken. */
  readonly requestSeconds: number;
  /** How far a timestamp may be off. */
  readonly clockMs: number;
}

export interface AliyunOptions {
  readonly context: AliyunContext;
  readonly limits: AliyunLimits;
  /** Addresses, and ranges of them, whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics: RequestMetrics;
}

/** As much as a head can have. It is read, and echoed in `server string to sign is:`, before anybody has proved anything. */
const maxFormBytes = 64 * 1024;

export function createAliyun({ context, limits, trustedProxies, metrics }: AliyunOptions): FastifyInstance {
  const { logger, page } = context;
  const app = fastify({
    logger: false,
    trustProxy: trustedProxies === undefined ? false : [...trustedProxies],
    genReqId: () => randomUUID().toUpperCase(),
    bodyLimit: maxFormBytes,
    exposeHeadRoutes: false,
    // `request.ts` reads it.
    routerOptions: { querystringParser: () => ({}) },
  });
  instrument(app, {
    protocol: 'aliyun',
    metrics,
    logger,
    routeOf: ({ operation }) => operation?.action ?? 'unmatched',
  });
  boundAnswers(app, limits.requestSeconds);
  boundBodies(app, limits.requestSeconds);
  app.decorateRequest('operation', undefined);
  const rates = createRateLimits(app, {
    requestsPerMinute: limits.requestsPerMinute,
    refuse: (seconds) => new ThrottledError(seconds * 1000),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async ({ method, id }, reply) => {
    reply.headers({ 'x-acs-request-id': id, 'cache-control': 'no-store' });
    if (method !== 'GET' && method !== 'POST') throw new FaultError(commonFaults.methodUnsupported);
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/',
    async handler(request, reply) {
      const asked = readRequest(request);
      const operation = chooseOperation(asked);
      request.operation = operation;
      const principal = await authenticate(asked, { context, clockMs: limits.clockMs });
      const origin = { protocol: 'aliyun', requestId: request.id, address: clientAddress(request) };
      const caller = { ...principal, origin };
      request.caller = caller;
      addLogFacts({ account: caller.accountId, user: caller.name });
      await rates.countRequest(request, reply);
      await requireRight(context, caller, operation, asked.values);
      const parameters = readParameters(operation.parameters, asked.values);
      const answer = await operation.handle({ context, caller, parameters, host: asked.host });
      const format = formatOf(asked);
      reply.type(contentTypes[format]);
      return render(format, `${operation.action}Response`, { RequestId: request.id, ...answer });
    },
  });
  app.setNotFoundHandler(() => {
    throw new FaultError(commonFaults.actionNotFound);
  });

  app.setErrorHandler(async (error, request, reply) => {
    const fault = await countFailure(toFaultError(error, request.operation, page), request);
    if (reply.raw.destroyed || request.raw.readableAborted) logger.info({}, 'the client went away');
    else if (fault.fault.status >= 500) logger.error({ error }, 'request failed');
    if (fault instanceof ThrottledError) reply.header('x-acs-retry-after', fault.retryAfterMs);
    // Whatever else of the body comes is not to be taken for the next request.
    if ((error as { statusCode?: number }).statusCode === 408) reply.header('connection', 'close');
    return refuse(fault, request, reply);
  });

  /** Of a request that did not prove who sends it; one too many from its address is refused for that. */
  async function countFailure(fault: FaultError, request: FastifyRequest): Promise<FaultError> {
    if (request.caller !== null || fault.fault.status >= 500) return fault;
    try {
      await rates.countFailure(request);
      return fault;
    } catch (error) {
      return toFaultError(error, undefined, page);
    }
  }

  function refuse(error: FaultError, request: FastifyRequest, reply: FastifyReply): string {
    const asked = readRequest(request);
    const format = formatOf(asked);
    const { status, code } = error.fault;
    const { product } = services[serviceOf(asked.version)];
    reply.code(status).type(contentTypes[format]);
    return render(format, 'Error', {
      RequestId: request.id,
      HostId: asked.host,
      Code: code,
      Message: messageOf(error, page),
      Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=${product}&requestId=${request.id}`,
    });
  }

  return app;
}

/** Before anything else is looked at, as the cloud does (§1.6). */
function chooseOperation({ unclear, action, version }: AliyunRequest): Operation {
  if (unclear !== undefined) throw new FaultError(commonFaults.invalidParameter, unclear);
  if (action === '') throw missing('Action');
  if (version === '') throw missing('Version');
  const operation = findOperation(version, action);
  if (operation === undefined) throw new FaultError(commonFaults.actionNotFound);
  return operation;
}
