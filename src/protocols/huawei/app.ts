/**
 * Huawei Cloud's dialect, and Open Telekom Cloud's (docs/protocols/huawei.md): a Fastify instance of its own, with a route for
 * each operation, all behind one gate.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Caller } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { addLogFacts } from '../../telemetry/context.ts';
import type { RequestMetrics } from '../../telemetry/metrics.ts';
import { clientAddress, clientNetwork } from '../shared/client-address.ts';
import { clientSignal } from '../shared/client-signal.ts';
import { boundAnswers, boundBodies } from '../shared/deadlines.ts';
import { instrument } from '../shared/instrument.ts';
import { createRateLimits } from '../shared/rate-limit.ts';
import { authenticate } from './authentication.ts';
import { commonFaults } from './common-faults.ts';
import { contentOf } from './content.ts';
import { ThrottledError, toFaultError } from './errors.ts';
import { FaultError, statusOf } from './fault.ts';
import { createGuesses } from './guesses.ts';
import type { ReadHosts } from './hosts.ts';
import { type Answer, accountWide, type HuaweiContext, type Operation, type Scope } from './operation.ts';
import { operations } from './operations.ts';
import { renderError } from './render.ts';
import { readRequest, searchOf } from './request.ts';
import { requireRight } from './rights.ts';
import { findScope, requireDomain } from './scope.ts';
import { readValues } from './values.ts';

export interface HuaweiLimits {
  /** Of one user; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** How long a JSON body may take to arrive, and an answer to be taken. */
  readonly requestSeconds: number;
  /** How far the date of a signature may be off. */
  readonly clockMs: number;
}

export interface HuaweiOptions {
  readonly context: HuaweiContext;
  readonly readHosts: ReadHosts;
  readonly limits: HuaweiLimits;
  /** Addresses, and ranges of them, whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics: RequestMetrics;
}

/** The cloud takes 12 MB; it is held in memory before anybody has proved anything, and no operation needs a tenth. */
const maxBodyBytes = 256 * 1024;

const noCaller = null as unknown as Caller;
const noScope = null as unknown as Scope;

export function createHuawei({ context, readHosts, limits, trustedProxies, metrics }: HuaweiOptions): FastifyInstance {
  const { logger, clock, settings } = context;
  const app = fastify({
    logger: false,
    trustProxy: trustedProxies === undefined ? false : [...trustedProxies],
    genReqId: () => randomBytes(16).toString('hex'),
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    routerOptions: {
      // `request.ts` reads it.
      querystringParser: () => ({}),
      // What is too long in a path is refused as what it is, by its operation.
      maxParamLength: 16_384,
    },
    // Such requests meet no hook.
    frameworkErrors: (error, request, reply) => {
      reply.headers(headersOf(request));
      void fail(error, request, reply);
    },
  });
  // Huawei's SDK for Node sends `{}` along, and signs it.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  instrument(app, { protocol: 'huawei', metrics, logger });
  boundAnswers(app, limits.requestSeconds);
  const rates = createRateLimits(app, {
    requestsPerMinute: limits.requestsPerMinute,
    refuse: (seconds) => new ThrottledError(seconds),
  });
  const guessesOf = createGuesses(clock);

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headersOf(request));
    const { operation } = request.routeOptions.config;
    // Of whoever does not even say who he is no body is read.
    const { authorization, 'x-auth-token': token } = request.headers;
    const isNamed = authorization !== undefined || token !== undefined;
    if (operation !== undefined && operation.right !== 'open' && !isNamed)
      throw new FaultError(commonFaults.tokenMissing);
  });

  // What belongs to no operation is refused whatever comes with it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const receiving = new Set<Promise<unknown>>();
  // A server that stops has cut their connections by now; what came over them is still on its way into the store.
  app.addHook('onClose', async () => void (await Promise.allSettled(receiving)));

  for (const takesBytes of [false, true]) {
    app.register(async (scope) => {
      if (!takesBytes) boundBodies(scope, limits.requestSeconds);
      scope.removeAllContentTypeParsers();
      if (takesBytes) scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      else scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      for (const operation of operations) {
        if ((operation.takesBytes ?? false) !== takesBytes) continue;
        for (const path of [operation.route, ...(operation.twins ?? [])]) {
          scope.route({
            method: operation.method,
            url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
            config: { operation },
            handler(request, reply) {
              const served = serve(operation, request, reply);
              if (!takesBytes) return served;
              receiving.add(served);
              return served.finally(() => receiving.delete(served));
            },
          });
        }
      }
    });
  }

  async function serve(operation: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { takesBytes = false, service, right } = operation;
    const asked = readRequest(request, takesBytes);
    const hosts = readHosts(request.protocol, request.host);
    const path = request.params as Readonly<Record<string, string>>;
    let caller = noCaller;
    let scope = noScope;
    let bodyHash: string | null = null;
    const origin = originOf(request);
    const guesses = guessesOf(clientNetwork(origin.address));
    async function prove(): Promise<Caller> {
      const proof = await authenticate(asked, { context, clockMs: limits.clockMs, guesses });
      bodyHash = proof.bodyHash;
      return await admit(proof.principal);
    }
    /** Whoever proves who he is, in whichever way, comes by here. */
    async function admit(principal: Principal): Promise<Caller> {
      caller = { ...principal, origin };
      request.caller = caller;
      addLogFacts({ account: caller.accountId, user: caller.name });
      await rates.countRequest(request, reply);
      return caller;
    }
    if (right !== 'open') {
      await prove();
      await requireRight(context, caller, operation, path);
      if (accountWide.has(service)) requireDomain(caller, asked.headers);
      else scope = await findScope(context, { caller, hosts, headers: asked.headers, pathProject: path.project_id });
    }
    const { parameters, payload } = readValues(operation, asked, path);
    const answer = await operation.handle({
      context,
      caller,
      prove,
      admit,
      guesses,
      demandFewFailures: () => rates.demandFewFailures(request),
      scope,
      parameters,
      payload,
      content: contentOf(operation, request, bodyHash),
      headers: asked.headers,
      search: searchOf(asked.url),
      hosts,
      signal: clientSignal(reply),
      origin,
    });
    return await send(reply, answer, context.transfers.idleMs);
  }

  app.setNotFoundHandler(() => {
    throw new FaultError(commonFaults.apiNotFound);
  });

  app.setErrorHandler(fail);

  async function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const operation = request.routeOptions.config.operation;
    const fault = await countFailure(toFaultError(error, operation), request);
    if (reply.raw.destroyed || request.raw.readableAborted) logger.info({}, 'the client went away');
    else if (fault.fault.status >= 500) logger.error({ error }, 'request failed');
    if (fault instanceof ThrottledError) reply.header('retry-after', fault.retryAfterSeconds);
    // Whatever else of the body comes is not to be taken for the next request.
    if (!request.raw.complete) reply.header('connection', 'close');
    const { service } = operation ?? {};
    const rendered = renderError(fault, { service, site: settings.site, requestId: request.id });
    return reply.code(rendered.status).type(rendered.contentType).send(rendered.body);
  }

  /** Of a request that did not prove who sends it; one too many from its address is refused for that. */
  async function countFailure(fault: FaultError, request: FastifyRequest): Promise<FaultError> {
    const isProof = statusOf(fault.fault, settings.site) === 401;
    if (request.caller !== null || !isProof) return fault;
    try {
      await rates.countFailure(request);
      return fault;
    } catch (error) {
      return toFaultError(error, undefined);
    }
  }

  return app;
}

/** Of every answer. */
function headersOf({ id }: FastifyRequest) {
  return { 'x-request-id': id, 'cache-control': 'no-store' };
}

function originOf(request: FastifyRequest): Caller['origin'] {
  return { protocol: 'huawei', requestId: request.id, address: clientAddress(request) };
}

/** `idleMs`: a stream on which no byte moves for so long, for want of a reader or of the store's answer, is cut off. */
async function send(
  reply: FastifyReply,
  { status = 200, headers = {}, body, stream }: Answer,
  idleMs: number,
): Promise<FastifyReply> {
  reply.code(status).headers(headers);
  if (stream !== undefined) {
    reply.type(headers['content-type'] ?? 'application/octet-stream').header('content-length', stream.length);
    reply.raw.setTimeout(idleMs).once('close', () => stream.end());
    return await reply.send(Readable.from(stream.bytes, { objectMode: false, highWaterMark: 1024 * 1024 }));
  }
  if (body === undefined) return await reply.send();
  return await reply.type(headers['content-type'] ?? 'application/json;charset=utf-8').send(JSON.stringify(body));
}
