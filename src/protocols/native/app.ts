/**
 * The native API (docs/native-api.md): a Fastify instance of its own, with its own gate, error shape and 404. The gate runs
 * before routing has any effect: a request without a valid token learns nothing, not even which routes there are.
 */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { AppContext, Caller } from '../../app/context.ts';
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { contentRoutes } from './content.ts';
import { copyRoutes } from './copies.ts';
import { imageRoutes } from './images.ts';
import { type Problem, problem, problemOfFailure, problemOfRefusal, problemType } from './problem.ts';
import { type ServerStatus, storeRoutes } from './store.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the gate. */
    caller: Caller;
  }
}

export interface NativeApiOptions {
  readonly context: AppContext;
  /** Who the bearer of the token is. */
  readonly caller: Caller;
  readonly token: string;
  readonly status: () => Promise<ServerStatus>;
}

export function createNativeApi({ context, caller, token, status }: NativeApiOptions): FastifyInstance {
  const logger = context.logger.child({ protocol: 'native' });
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: 1024 * 1024,
    // Such requests meet no hook.
    frameworkErrors: (_error, request, reply) =>
      void (gate(request, reply) ?? refuse(reply, problem('request.invalid', 400, 'the URL is malformed'))),
  });
  app.decorateRequest('caller', null as unknown as Caller);
  // Fastify brings it; no request here has such a body.
  app.removeContentTypeParser('text/plain');

  const isToken = tokenCheck(token);
  /** Lets the bearer of the token in; returns the answer for anybody else. */
  function gate(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    reply.header('x-request-id', request.id);
    const [scheme, given] = (request.headers.authorization ?? '').split(' ', 2);
    if (scheme?.toLowerCase() !== 'bearer' || given === undefined || !isToken(given)) {
      reply.header('www-authenticate', 'Bearer');
      return refuse(reply, problem('unauthenticated', 401, 'the request carries no valid token'));
    }
    request.caller = caller;
    return undefined;
  }
  app.addHook('onRequest', async (request, reply) => gate(request, reply));
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, id } = request;
    logger.debug({ request: id, method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered');
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, problem('route.not-found', 404, `there is no ${request.method} ${request.url.split('?', 1)[0]}`)),
  );
  app.setErrorHandler((error, request, reply) => {
    const answer = toProblem(error, request.id);
    if (reply.raw.destroyed) logger.info({ request: request.id }, 'the client went away');
    else if (answer.status >= 500) logger.error({ request: request.id, error }, 'request failed');
    return refuse(reply, answer);
  });

  app.register(
    async (api) => {
      imageRoutes(api, context);
      api.register(async (content) => contentRoutes(content, context));
      copyRoutes(api, context);
      storeRoutes(api, context, status);
    },
    { prefix: '/api/v1' },
  );
  return app;
}

function refuse(reply: FastifyReply, answer: Problem): FastifyReply {
  return reply.code(answer.status).type(problemType).send(JSON.stringify(answer));
}

function toProblem(error: unknown, request: string): Problem {
  if (error instanceof RefusalError) return problemOfRefusal(error);
  if (error instanceof FailureError && error.code !== 'internal') return problemOfFailure(error);
  // What Fastify itself refuses: malformed JSON, an unknown media type, a body that is too large.
  const { statusCode = 500, message = '' } = error as { statusCode?: number; message?: string };
  if (statusCode < 500) return problem('request.invalid', statusCode, message);
  return problem('internal', 500, 'internal error', { requestId: request });
}

/** Compares hashes of equal length in constant time, so that neither length nor prefix of the token can be found out. */
function tokenCheck(token: string): (given: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}
