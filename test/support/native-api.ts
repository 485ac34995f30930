/** The native API on an installation of its own, without a socket (`inject`) and, for bodies, with one. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest, InjectOptions } from 'fastify';
import type { Caller } from '../../src/app/context.ts';
import { createSession } from '../../src/app/tenants/sessions.ts';
import type { Role } from '../../src/domain/principal.ts';
import { createNativeApi, type NativeApiLimits } from '../../src/protocols/native/app.ts';
import type { Operation } from '../../src/protocols/native/operation.ts';
import { operations } from '../../src/protocols/native/operations.ts';
import { routeOf } from '../../src/protocols/native/routes.ts';
import { createTransfers } from '../../src/protocols/shared/transfers.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { undescribed } from './described-answers.ts';
import { createInstallation, type Installation, type InstallationOptions } from './installation.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

export interface TestApi {
  readonly installation: Installation;
  readonly app: FastifyInstance;
  /** An owner of an account that does not administer the installation. */
  readonly caller: Caller;
  readonly token: string;
  /** Every route that there is, as Fastify knows it. */
  readonly routes: readonly { readonly method: string; readonly url: string }[];
  /** A session's token: by default the caller's. */
  newToken(role?: Role, caller?: Caller): Promise<string>;
  /** With the token, unless `headers` bring another or a signature. Fails when the OpenAPI document does not describe the answer. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** What is listening, with `/api/v1`. */
  readonly url: string;
  /** Fails when an answer was not what the OpenAPI document describes. */
  close(): Promise<void>;
}

export interface TestApiOptions {
  readonly limits?: Partial<NativeApiLimits>;
  readonly transfersAtOnce?: number;
  readonly trustedProxies?: readonly string[];
  readonly installation?: InstallationOptions;
  /** Instead of the installation's. */
  readonly logger?: Logger;
}

const prefix = '/api/v1';

export async function createTestApi({
  limits = {},
  transfersAtOnce = 32,
  trustedProxies,
  installation: options,
  logger: ownLogger,
}: TestApiOptions = {}): Promise<TestApi> {
  const installation = await createInstallation(options);
  const { context, metrics } = installation;
  const logger = ownLogger ?? context.logger;
  const caller = await installation.newCaller();
  const newToken = async (role: Role = 'owner', of: Caller = caller) =>
    (await createSession(context, of, { name: 'test', role })).token;
  const token = await newToken();
  const app = createNativeApi({
    context: { ...context, logger },
    status: async () => ({
      version: '0.0.0',
      dataDirectory: 'none',
      database: { version: '18.4', embedded: true },
      regions: ['north', 'south'],
      uptimeSeconds: 1,
    }),
    limits: {
      requestsPerMinute: 0,
      bodyBytes: 1024 * 1024,
      requestSeconds: 30,
      heartbeatMs: 15_000,
      clockMs: 300_000,
      ...limits,
    },
    transfers: createTransfers(transfersAtOnce, 30_000),
    trustedProxies,
    metrics: metrics.requests,
  });
  const routes: { method: string; url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url });
  });
  const wrong: string[] = [];
  app.addHook('onSend', async (request, reply, payload) => {
    const answer = {
      status: reply.statusCode,
      type: String(reply.getHeader('content-type') ?? ''),
      text: textOf(payload),
    };
    const found = undescribed(operationOf(request), answer);
    if (found !== undefined) wrong.push(`${request.method} ${request.url}: ${found}`);
  });
  const checkAnswers = () => {
    if (wrong.length > 0)
      throw new Error(`answers that the document does not describe:\n${wrong.splice(0).join('\n')}`);
  };
  await app.listen({ host: '127.0.0.1', port: 0 });

  return {
    installation,
    app,
    caller,
    token,
    routes,
    newToken,
    async call(method, path, body, headers = {}) {
      const response = await app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url: `${prefix}${path}`,
        headers: isSigned(headers) ? headers : { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      checkAnswers();
      const isJson = /json/.test(String(response.headers['content-type'])) && response.rawPayload.length > 0;
      return {
        status: response.statusCode,
        headers: response.headers,
        body: isJson ? response.json() : response.rawPayload,
      };
    },
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${prefix}`,
    async close() {
      app.server.closeAllConnections();
      await app.close();
      await installation.close();
      checkAnswers();
    },
  };
}

function isSigned(headers: Readonly<Record<string, string>>): boolean {
  return 'signature' in headers || 'signature-input' in headers;
}

function textOf(payload: unknown): string | undefined {
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' ? payload : undefined;
}

/** The operation that a route stands for. `HEAD` is `GET` without a body, unless it is an operation of its own. */
function operationOf({ method, routeOptions }: FastifyRequest): Operation | undefined {
  const { url = '' } = routeOptions;
  const ofRoute = operations.filter(({ path }) => anonymous(`${prefix}${routeOf(path)}`) === anonymous(url));
  const find = (wanted: string) => ofRoute.find((each) => each.method === wanted);
  const got = method === 'HEAD' ? find('GET') : undefined;
  return find(method) ?? (got?.kind === 'json' ? got : undefined);
}

/** Routes call the same parameter by different names. */
function anonymous(route: string): string {
  return route.replaceAll(/:\w+/g, ':');
}
