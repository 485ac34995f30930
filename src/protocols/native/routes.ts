/** Turns operations into routes: what comes in is parsed by their schemas, what goes out is rendered as they say. */
import { finished } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { z } from 'zod';
import { createSlots, type Slots } from '../../lib/slots.ts';
import { clientSignal } from '../shared/client-signal.ts';
import { userKey, usersPerAccount } from '../shared/rate-limit.ts';
import { authenticateAgain } from './authentication.ts';
import { entityTag, invalid, isKnown, readIdempotencyKey, readIfMatch } from './conditions.ts';
import { eventStream, eventStreamType } from './event-stream.ts';
import { parse } from './input.ts';
import type { EventsOperation, JsonOperation, NativeContext, Operation, OperationRequest } from './operation.ts';
import { protocolError } from './protocol-error.ts';

/** Streams of events that one user may have open. */
const maxStreams = 16;

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A body of an operation that has none: nothing, or an object without members. */
const emptyBody = z.strictObject({}).optional();

interface RoutesOptions {
  readonly context: NativeContext;
  readonly heartbeatMs: number;
}

interface HandlerOptions extends RoutesOptions {
  readonly slots: Slots;
}

/** Registers them all; `content.ts` has the handlers of those that carry bytes. */
export function registerRoutes(app: FastifyInstance, operations: readonly Operation[], options: RoutesOptions): void {
  const handling = { ...options, slots: createSlots() };
  for (const operation of operations) {
    if (operation.kind === 'json') {
      const handler = jsonHandler(operation, handling);
      app.route({ method: operation.method, url: routeOf(operation.path), handler });
    } else if (operation.kind === 'events') {
      const handler = eventsHandler(operation, handling);
      app.route({ method: operation.method, url: routeOf(operation.path), exposeHeadRoute: false, handler });
    }
  }
  for (const [path, known] of methodsByPath(operations)) registerOthers(app, path, known);
}

/** `/images/{image}` as Fastify writes it. */
export function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function jsonHandler(operation: JsonOperation, { context, slots }: HandlerOptions): RouteHandlerMethod {
  const { id, atOnce: most = Number.POSITIVE_INFINITY } = operation;
  const readInput = inputReader(operation, context);
  return async (request, reply) => {
    const input = readInput(request, reply);
    const end = slots.take({ holder: `${id} ${request.caller.accountId}`, most });
    if (end === undefined) throw protocolError('rate.limited', {}, { 'retry-after': '1' });
    const { body, revision, replayed } = await operation.handle(input).finally(end);
    if (revision !== undefined) {
      reply.header('etag', entityTag(revision));
      const isRead = operation.method === 'GET';
      if (isRead && isKnown(request.headers['if-none-match'], revision)) return reply.code(304).send();
    }
    if (replayed) reply.header('idempotency-replayed', 'true');
    return reply.code(operation.status).send(body);
  };
}

function eventsHandler(
  operation: EventsOperation,
  { context, heartbeatMs, slots }: HandlerOptions,
): RouteHandlerMethod {
  const readInput = inputReader(operation, context);
  return async (request, reply) => {
    const input = readInput(request, reply) as OperationRequest<never, never, never>;
    const end = slots.take(
      { holder: `streams ${userKey(request.caller)}`, most: maxStreams },
      { holder: `streams of ${request.caller.accountId}`, most: maxStreams * usersPerAccount },
    );
    if (end === undefined) throw protocolError('rate.limited', {}, { 'retry-after': '15' });
    try {
      const { event } = operation;
      const mayGoOn = () => isStillCaller(request, context);
      const watch = (signal: AbortSignal) => operation.watch({ ...input, signal });
      const stream = await eventStream({ event, watch, heartbeatMs, mayGoOn, signal: input.signal });
      finished(stream, end);
      return reply.type(eventStreamType).send(stream);
    } catch (error) {
      end();
      throw error;
    }
  };
}

/** Whoever was disabled, or may do other things than before, begins anew and is judged anew. */
async function isStillCaller(request: FastifyRequest, context: NativeContext): Promise<boolean> {
  const { origin, ...before } = request.caller;
  return isDeepStrictEqual(await authenticateAgain(request, context), before);
}

type InputReader = (
  request: FastifyRequest,
  reply: FastifyReply,
) => OperationRequest<Record<string, unknown>, Record<string, unknown>, unknown>;

/** The schemas are put together once: it takes longer than to parse with them. */
function inputReader(operation: JsonOperation | EventsOperation, context: NativeContext): InputReader {
  const { query = z.strictObject({}) } = operation;
  const { body, idempotent, conditional } = operation.kind === 'json' ? operation : {};
  const params = z.object(operation.params ?? {});
  return (request, reply) => {
    const { headers, method } = request;
    const token = readIdempotencyKey(headers['idempotency-key']);
    if (token !== undefined && method === 'POST' && !idempotent) {
      throw invalid('Idempotency-Key', 'is not taken by this operation, which would not keep its promise');
    }
    return {
      context,
      caller: request.caller,
      params: parse(params, request.params),
      query: parse(query, listed(query, request.query as Record<string, unknown>)),
      body: parse(body ?? emptyBody, request.body),
      token,
      ifRevision: conditional && method !== 'GET' ? readIfMatch(headers['if-match']) : undefined,
      signal: clientSignal(reply),
    };
  };
}

/** A parameter that may be repeated is a list, also where it stands once. */
function listed(schema: z.ZodObject, query: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(query).map(([name, value]) => {
    const field = schema.shape[name];
    const isList = field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodArray;
    return [name, isList ? [value].flat() : value];
  });
  return Object.fromEntries(entries);
}

function methodsByPath(operations: readonly Operation[]): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const { path, method, kind } of operations) {
    const methods = known.get(path) ?? new Set();
    methods.add(method);
    if (method === 'GET' && kind !== 'events') methods.add('HEAD');
    known.set(path, methods);
  }
  return known;
}

/** The other methods of a path that there is: which ones it has (RFC 9110, 15.5.6). */
function registerOthers(app: FastifyInstance, path: string, known: ReadonlySet<string>): void {
  const allow = [...known, 'OPTIONS'].join(', ');
  app.route({
    method: methods.filter((method) => !known.has(method)),
    url: routeOf(path),
    // Before a body is looked at.
    onRequest: async ({ method }, reply) => {
      reply.header('allow', allow);
      if (method === 'OPTIONS') return reply.code(204).send();
      throw protocolError('method.not-allowed', { method, allow });
    },
    handler: async () => {},
  });
}
