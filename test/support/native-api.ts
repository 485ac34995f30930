/** The native API on an installation of its own, without a socket (`inject`) and, for bodies, with one. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Caller } from '../../src/app/context.ts';
import { createNativeApi } from '../../src/protocols/native/app.ts';
import { createInstallation, type Installation } from './installation.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

export interface TestApi {
  readonly installation: Installation;
  readonly app: FastifyInstance;
  readonly caller: Caller;
  readonly token: string;
  /** Every route that there is, as Fastify knows it. */
  readonly routes: readonly { readonly method: string; readonly url: string }[];
  /** With the token, unless `headers` bring another. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** What is listening, with `/api/v1`. */
  readonly url: string;
  close(): Promise<void>;
}

export async function createTestApi(): Promise<TestApi> {
  const installation = await createInstallation();
  const caller = await installation.newCaller();
  const token = randomUUID();
  const status = async () => ({
    version: '0.0.0',
    dataDirectory: 'none',
    database: { version: '18.4', embedded: true },
    regions: ['north', 'south'],
    uptimeSeconds: 1,
  });
  const app = createNativeApi({ context: installation.context, caller, token, status });
  const routes: { method: string; url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });

  return {
    installation,
    app,
    caller,
    token,
    routes,
    async call(method, path, body, headers = {}) {
      const response = await app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const isJson = /json/.test(String(response.headers['content-type']));
      return {
        status: response.statusCode,
        headers: response.headers,
        body: isJson ? response.json() : response.rawPayload,
      };
    },
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/v1`,
    async close() {
      app.server.closeAllConnections();
      await app.close();
      await installation.close();
    },
  };
}
