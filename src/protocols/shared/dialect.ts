/** A Fastify instance for a cloud's dialect: what all of them do to a request before and after it is understood. */
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Caller } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { addLogFacts } from '../../telemetry/context.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RequestMetrics } from '../../telemetry/metrics.ts';
import { clientAddress } from './client-address.ts';
import { boundAnswers } from './deadlines.ts';
import { FaultError, type Occurring } from './faults.ts';
import { instrument } from './instrument.ts';
import { createRateLimits } from './rate-limit.ts';

export interface DialectLimits {
  /** Of one user; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** How long a body that is read as a whole may take to arrive, and an answer to be taken. */
  readonly requestSeconds: number;
  /** How far the time that a request was signed at may be off. */
  readonly clockMs: number;
}

/** What each dialect is given by whoever runs it. */
export interface DialectSurroundings {
  readonly limits: DialectLimits;
  /** Addresses, and ranges of them, whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics: RequestMetrics;
}

export interface DialectOptions<Fault extends Occurring> extends DialectSurroundings {
  readonly protocol: string;
  readonly logger: Logger;
  readonly newRequestId: () => string;
  /** Bytes of a body that is read as a whole, which is held before anybody has proved anything. */
  readonly bodyLimit: number;
  /** Of every answer. */
  readonly headersOf: (requestId: string) => Readonly<Record<string, string>>;
  /** What a request is counted as, where its path does not say what it asks for. */
  readonly routeOf?: (request: FastifyRequest) => string;
  /** Of one request too many. */
  readonly throttled: Fault;
  /** Headers of that answer, which say how long to wait. */
  readonly waitHeaders: (seconds: number) => Readonly<Record<string, string>>;
  readonly toFault: (error: unknown, request: FastifyRequest) => FaultError<Fault>;
  /** Whether it counts as a failed attempt to prove who one is. */
  readonly isFailedProof: (fault: FaultError<Fault>) => boolean;
  /** Writes the answer: status, headers, body. */
  readonly refuse: (fault: FaultError<Fault>, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

class ThrottledError<Fault extends Occurring> extends FaultError<Fault> {
  readonly seconds: number;

  constructor(fault: Fault, seconds: number) {
    super(fault);
    this.name = 'ThrottledError';
    this.seconds = seconds;
  }
}

export interface Dialect {
  /** Without routes. A path that has none is a {@link FaultError} of the dialect's own to throw. */
  readonly app: FastifyInstance;
  originOf(request: FastifyRequest): Caller['origin'];
  /** Takes the principal, once it is proved, for the request's caller, and refuses one request too many. */
  admit(request: FastifyRequest, reply: FastifyReply, principal: Principal): Promise<Caller>;
  /** Refuses a request whose address has failed too often to prove who it is, before any work is done for it. */
  demandFewFailures(request: FastifyRequest): Promise<void>;
}

export function createDialect<Fault extends Occurring>(options: DialectOptions<Fault>): Dialect {
  const { protocol, logger, metrics, limits, trustedProxies, headersOf, toFault, routeOf } = options;
  const app = fastify({
    logger: false,
    trustProxy: trustedProxies === undefined ? false : [...trustedProxies],
    genReqId: options.newRequestId,
    bodyLimit: options.bodyLimit,
    exposeHeadRoutes: false,
    routerOptions: {
      // Dialects read it themselves, as it was signed.
      querystringParser: () => ({}),
      // What is too long in a path is refused as what it is, by its operation.
      maxParamLength: 16_384,
    },
    // Such requests meet no hook.
    frameworkErrors: (error, request, reply) => {
      reply.headers(headersOf(request.id));
      void fail(error, request, reply);
    },
  });
  instrument(app, { protocol, metrics, logger, ...(routeOf && { routeOf }) });
  boundAnswers(app, limits.requestSeconds);
  const rates = createRateLimits(app, {
    requestsPerMinute: limits.requestsPerMinute,
    refuse: (seconds) => new ThrottledError(options.throttled, seconds),
  });
  app.addHook('onRequest', async (request, reply) => void reply.headers(headersOf(request.id)));
  app.setErrorHandler(fail);

  async function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const fault = await countFailure(toFault(error, request), request);
    if (reply.raw.destroyed || request.raw.readableAborted) logger.info({}, 'the client went away');
    else if (fault.fault.status >= 500) logger.error({ error }, 'request failed');
    if (fault instanceof ThrottledError) reply.headers(options.waitHeaders(fault.seconds));
    // Whatever else of the body comes is not to be taken for the next request.
    if (!request.raw.complete) reply.header('connection', 'close');
    return options.refuse(fault, request, reply);
  }

  /** Of a request that did not prove who sends it; one too many from its address is refused for that. */
  async function countFailure(fault: FaultError<Fault>, request: FastifyRequest): Promise<FaultError<Fault>> {
    if (request.caller !== null || !options.isFailedProof(fault)) return fault;
    try {
      await rates.countFailure(request);
      return fault;
    } catch (error) {
      return toFault(error, request);
    }
  }

  function originOf(request: FastifyRequest): Caller['origin'] {
    return { protocol, requestId: request.id, address: clientAddress(request) };
  }

  return {
    app,
    originOf,
    async admit(request, reply, principal) {
      const caller = { ...principal, origin: originOf(request) };
      request.caller = caller;
      addLogFacts({ account: caller.accountId, user: caller.name });
      await rates.countRequest(request, reply);
      return caller;
    },
    demandFewFailures: (request) => rates.demandFewFailures(request),
  };
}
