/**
 * Huawei Cloud's dialect, and Open Telekom Cloud's (docs/protocols/huawei.md): a Fastify instance of its own, with a route for
 * each operation, all behind one gate.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';
import { awaitOnClose } from '../shared/await-on-close.ts';
import { clientNetwork } from '../shared/client-address.ts';
import { clientSignal } from '../shared/client-signal.ts';
import { takeWholeBodies } from '../shared/deadlines.ts';
import { createDialect, type DialectSurroundings } from '../shared/dialect.ts';
import { FaultError } from '../shared/faults.ts';
import { splitUrl } from '../shared/raw-request.ts';
import { sendBytes } from '../shared/send-bytes.ts';
import { authenticate } from './authentication.ts';
import { commonFaults } from './common-faults.ts';
import { contentOf } from './content.ts';
import { toFaultError } from './errors.ts';
import { type Fault, statusOf } from './fault.ts';
import { createGuesses } from './guesses.ts';
import type { ReadHosts } from './hosts.ts';
import { type Answer, accountWide, type HuaweiContext, type Operation, type Scope } from './operation.ts';
import { operations } from './operations.ts';
import { renderError } from './render.ts';
import { readRequest } from './request.ts';
import { requireRight } from './rights.ts';
import { findScope, requireDomain } from './scope.ts';
import { readValues } from './values.ts';

export interface HuaweiOptions extends DialectSurroundings {
  readonly context: HuaweiContext;
  readonly readHosts: ReadHosts;
}

/** The cloud takes 12 MB; it is held in memory before anybody has proved anything, and no operation needs a tenth. */
const maxBodyBytes = 256 * 1024;

const noCaller = null as unknown as Caller;
const noScope = null as unknown as Scope;

export function createHuawei({ context, readHosts, ...surroundings }: HuaweiOptions): FastifyInstance {
  const { logger, clock, settings } = context;
  const { limits } = surroundings;
  const { app, originOf, admit, demandFewFailures } = createDialect<Fault>({
    ...surroundings,
    protocol: 'huawei',
    logger,
    newRequestId: () => randomBytes(16).toString('hex'),
    bodyLimit: maxBodyBytes,
    headersOf: (requestId) => ({ 'x-request-id': requestId, 'cache-control': 'no-store' }),
    throttled: commonFaults.throttled,
    waitHeaders: (seconds) => ({ 'retry-after': String(seconds) }),
    toFault: (error, { routeOptions }) => toFaultError(error, routeOptions.config.operation),
    isFailedProof: ({ fault }) => statusOf(fault, settings.site) === 401,
    refuse(error, { id: requestId, routeOptions }, reply) {
      const { service } = routeOptions.config.operation ?? {};
      const { status, contentType, body } = renderError(error, { service, site: settings.site, requestId });
      return reply.code(status).type(contentType).send(body);
    },
  });
  // Huawei's SDK for Node sends `{}` along, and signs it.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  const guessesOf = createGuesses(clock);

  app.addHook('onRequest', async ({ routeOptions, headers }) => {
    const { operation } = routeOptions.config;
    // Of whoever does not even say who he is no body is read.
    const { authorization, 'x-auth-token': token } = headers;
    const isNamed = authorization !== undefined || token !== undefined;
    if (operation !== undefined && operation.right !== 'open' && !isNamed)
      throw new FaultError(commonFaults.tokenMissing);
  });

  // What belongs to no operation is refused whatever comes with it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const untilStored = awaitOnClose(app);

  app.register(addOperations, { takesBytes: false });
  app.register(addOperations, { takesBytes: true });

  /** Those that take bytes as they come, or the others. */
  function addOperations(scope: FastifyInstance, { takesBytes }: { takesBytes: boolean }, done: () => void): void {
    if (takesBytes) {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    } else takeWholeBodies(scope, limits.requestSeconds);
    for (const operation of operations) {
      if ((operation.takesBytes ?? false) !== takesBytes) continue;
      for (const path of [operation.route, ...(operation.twins ?? [])]) {
        scope.route({
          method: operation.method,
          url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
          config: { operation },
          handler(request, reply) {
            const served = serve(operation, request, reply);
            return takesBytes ? untilStored(served) : served;
          },
        });
      }
    }
    done();
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
      return await admitted(proof.principal);
    }
    /** Whoever proves who he is, in whichever way, comes by here. */
    async function admitted(principal: Principal): Promise<Caller> {
      caller = await admit(request, reply, principal);
      return caller;
    }
    if (right !== 'open') {
      await prove();
      await requireRight(context, caller, operation, path);
      if (accountWide.has(service)) requireDomain(caller, asked.headers);
      else
        scope = await findScope(context, {
          service,
          caller,
          hosts,
          headers: asked.headers,
          pathProject: path.project_id,
        });
    }
    const { parameters, payload } = readValues(operation, asked, path);
    const answer = await operation.handle({
      context,
      caller,
      prove,
      admit: admitted,
      guesses,
      demandFewFailures: () => demandFewFailures(request),
      scope,
      parameters,
      payload,
      content: contentOf(operation, request, bodyHash),
      headers: asked.headers,
      search: splitUrl(asked.url)[1],
      hosts,
      signal: clientSignal(reply),
      origin,
    });
    return await send(reply, answer, context.transfers.idleMs);
  }

  app.setNotFoundHandler(() => {
    throw new FaultError(commonFaults.apiNotFound);
  });

  return app;
}

async function send(
  reply: FastifyReply,
  { status = 200, headers = {}, body, stream }: Answer,
  idleMs: number,
): Promise<FastifyReply> {
  reply.code(status).headers(headers);
  if (stream !== undefined) {
    reply.type(headers['content-type'] ?? 'application/octet-stream').header('content-length', stream.length);
    return await sendBytes(reply, stream.bytes, { idleMs, onClose: () => stream.end() });
  }
  if (body === undefined) return await reply.send();
  return await reply.type(headers['content-type'] ?? 'application/json;charset=utf-8').send(JSON.stringify(body));
}
