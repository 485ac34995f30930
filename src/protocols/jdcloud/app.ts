/**
 * JD Cloud's dialect (docs/protocols/jdcloud.md): a Fastify instance of its own. What is asked for is known once path
 * and credential are: services that have hosts of their own in the cloud are told apart by the credential's scope.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { requireRegion } from '../../app/place-image.ts';
import { takeWholeBodies } from '../shared/deadlines.ts';
import { createDialect, type DialectSurroundings } from '../shared/dialect.ts';
import { FaultError } from '../shared/faults.ts';
import { authenticate } from './authentication.ts';
import { commonFaults } from './common-faults.ts';
import { toFaultError } from './errors.ts';
import { type Fault, messageOf } from './fault.ts';
import type { JdcloudContext, Operation } from './operation.ts';
import { findOperations } from './operations.ts';
import { readPath } from './paths.ts';
import { readRequest } from './request.ts';
import { requireRight } from './rights.ts';
import { readValues } from './values.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined until it is known to be one. */
    jdcloudOperation: Operation | undefined;
  }
}

export interface JdcloudOptions extends DialectSurroundings {
  readonly context: JdcloudContext;
  /** Other names of this server, which clients may have signed for its host (reference §1.3). */
  readonly hosts: readonly string[];
}

/** The cloud takes 100 MB; no operation needs a hundredth of this. */
const maxBodyBytes = 256 * 1024;
/** As the cloud has it. */
const maxUrlBytes = 8 * 1024;

/** Java's SDK reads no answer without a media type. */
const contentType = 'application/json; charset=utf-8';

export function createJdcloud({ context, hosts, ...surroundings }: JdcloudOptions): FastifyInstance {
  const { clockMs, requestSeconds } = surroundings.limits;
  const { app, admit } = createDialect<Fault>({
    ...surroundings,
    protocol: 'jdcloud',
    logger: context.logger,
    newRequestId: () => randomBytes(16).toString('hex'),
    bodyLimit: maxBodyBytes,
    headersOf: (requestId) => ({ 'x-jdcloud-request-id': requestId, 'cache-control': 'no-store' }),
    routeOf: ({ jdcloudOperation }) => jdcloudOperation?.name ?? 'unmatched',
    throttled: commonFaults.throttled,
    waitHeaders: (seconds) => ({ 'retry-after': String(seconds) }),
    toFault: (error, { jdcloudOperation }) => toFaultError(error, jdcloudOperation),
    isFailedProof: ({ fault }) => fault.status === 401,
    refuse(error, { id: requestId }, reply) {
      const { status, code } = error.fault;
      const said = { code: status, status: code, message: messageOf(error) };
      return reply
        .code(status)
        .type(contentType)
        .send(JSON.stringify({ requestId, error: said }));
    },
  });
  app.decorateRequest('jdcloudOperation', undefined);
  // Its clients send a content type, and Python's a length, without a body.
  takeWholeBodies(app, requestSeconds);
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });

  app.addHook('onRequest', async ({ raw, headers }) => {
    const { url = '' } = raw;
    if (url.length > maxUrlBytes) throw new FaultError(commonFaults.urlTooLong);
    // Before the body is read.
    if (headers.authorization === undefined) throw new FaultError(commonFaults.authorizationMissing);
  });

  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '*',
    async handler(request, reply) {
      const asked = readRequest(request);
      const found = findOperations(asked.method, readPath(asked.url));
      const { principal, service } = await authenticate(asked, { context, clockMs, hosts });
      const caller = await admit(request, reply, principal);
      const named = found.get(service);
      if (named === undefined) throw new FaultError(commonFaults.apiNotFound);
      const { operation } = named;
      request.jdcloudOperation = operation;
      await requireRight(context, caller, operation, named.path);
      const { regionId: region = '' } = named.path;
      requireRegion(context, region);
      const result = await operation.handle({
        context,
        caller,
        region,
        parameters: readValues(operation, asked, named.path),
      });
      return reply.type(contentType).send(JSON.stringify({ requestId: request.id, result }));
    },
  });
  app.setNotFoundHandler(() => {
    throw new FaultError(commonFaults.apiNotFound);
  });
  return app;
}
