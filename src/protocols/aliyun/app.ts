/**
 * Alibaba Cloud's dialect (docs/protocols/aliyun.md): a Fastify instance of its own, with one path. What is asked for, by whom,
 * about which region and how it is to be answered are all among the request's parameters, the host among none of them.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { clientSignal } from '../shared/client-signal.ts';
import { takeWholeBodies } from '../shared/deadlines.ts';
import { createDialect, type DialectSurroundings } from '../shared/dialect.ts';
import { FaultError } from '../shared/faults.ts';
import { authenticate } from './authentication.ts';
import { commonFaults } from './common-faults.ts';
import { toFaultError } from './errors.ts';
import { type Fault, messageOf } from './fault.ts';
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

export interface AliyunOptions extends DialectSurroundings {
  readonly context: AliyunContext;
}

/** As much as a head can have. It is read, and echoed in `server string to sign is:`, before anybody has proved anything. */
const maxFormBytes = 64 * 1024;

export function createAliyun({ context, ...surroundings }: AliyunOptions): FastifyInstance {
  const { logger, page } = context;
  const { clockMs, requestSeconds } = surroundings.limits;
  const { app, admit } = createDialect<Fault>({
    ...surroundings,
    protocol: 'aliyun',
    logger,
    newRequestId: () => randomUUID().toUpperCase(),
    bodyLimit: maxFormBytes,
    headersOf: (requestId) => ({ 'x-acs-request-id': requestId, 'cache-control': 'no-store' }),
    routeOf: ({ operation }) => operation?.action ?? 'unmatched',
    throttled: commonFaults.throttled,
    // In milliseconds.
    waitHeaders: (seconds) => ({ 'x-acs-retry-after': `${seconds}000` }),
    toFault: (error, { operation }) => toFaultError(error, operation, page),
    isFailedProof: ({ fault }) => fault.status < 500,
    refuse(error, request, reply) {
      const asked = readRequest(request);
      const format = formatOf(asked);
      const { status, code } = error.fault;
      const { product } = services[serviceOf(asked.version)];
      const said = {
        RequestId: request.id,
        HostId: asked.host,
        Code: code,
        Message: messageOf(error, page),
        Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=${product}&requestId=${request.id}`,
      };
      return reply
        .code(status)
        .type(contentTypes[format])
        .send(render(format, 'Error', said));
    },
  });
  takeWholeBodies(app, requestSeconds);
  app.decorateRequest('operation', undefined);

  app.addHook('onRequest', async ({ method }) => {
    if (method !== 'GET' && method !== 'POST') throw new FaultError(commonFaults.methodUnsupported);
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/',
    async handler(request, reply) {
      const asked = readRequest(request);
      const operation = chooseOperation(asked);
      request.operation = operation;
      const caller = await admit(request, reply, await authenticate(asked, { context, clockMs }));
      await requireRight(context, caller, operation, asked.values);
      const parameters = readParameters(operation.parameters, asked.values);
      const signal = clientSignal(reply);
      const answer = await operation.handle({ context, caller, parameters, host: asked.host, signal });
      const format = formatOf(asked);
      reply.type(contentTypes[format]);
      const { root = `${operation.action}Response` } = services[operation.service];
      return render(format, root, { RequestId: request.id, ...answer });
    },
  });
  app.setNotFoundHandler(() => {
    throw new FaultError(commonFaults.actionNotFound);
  });
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
