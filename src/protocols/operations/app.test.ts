import type { FastifyInstance } from 'fastify';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../telemetry/logger.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { createOperations, type OperationsOptions } from './app.ts';

let lines: string[];
beforeEach(() => {
  lines = [];
});

function create(options: Partial<OperationsOptions> = {}): FastifyInstance {
  const app = createOperations({
    findFailing: async () => [],
    renderMetrics: async () => ({ type: 'text/plain; version=0.0.4; charset=utf-8', text: 'mimeo_up 1\n' }),
    metricsAccess: async ({ headers }) => headers.authorization === 'Bearer good',
    requestSeconds: 10,
    metrics: createMetrics('1.2.3').requests,
    logger: createLogger('info', { write: (line) => lines.push(line) }),
    ...options,
  });
  onTestFinished(() => app.close());
  return app;
}

it('says that it lives, even when it cannot serve', async () => {
  const app = create({ findFailing: () => Promise.reject(new Error('never asked')) });
  const answer = await app.inject('/healthz');
  expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-request-id': expect.any(String) });
  expect((await app.inject({ method: 'HEAD', url: '/healthz' })).statusCode).toBe(200);
});

it('says that it can serve, or which part fails', async () => {
  let failing = ['database', 'store north'];
  const app = create({ findFailing: async () => failing });
  const not = await app.inject('/readyz');
  expect([not.statusCode, not.json()]).toEqual([503, { status: 'unavailable', failing }]);
  failing = [];
  const now = await app.inject('/readyz');
  expect([now.statusCode, now.json()]).toEqual([200, { status: 'ok' }]);
});

it('shows metrics to those who may see them', async () => {
  const app = create();
  for (const headers of [{}, { authorization: 'Bearer bad' }]) {
    const refused = await app.inject({ url: '/metrics', headers });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(refused.json()).toMatchObject({ type: 'urn:mimeo:problem:unauthenticated', status: 401 });
  }
  const shown = await app.inject({ url: '/metrics', headers: { authorization: 'Bearer good' } });
  expect(shown.statusCode).toBe(200);
  expect(shown.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(shown.body).toBe('mimeo_up 1\n');
});

it('shows metrics to everybody where they are open', async () => {
  expect((await create({ metricsAccess: 'open' }).inject('/metrics')).statusCode).toBe(200);
});

it('knows nothing else, and leaks nothing of what goes wrong', async () => {
  const app = create({ findFailing: () => Promise.reject(new Error('password of the database')) });
  const unknown = await app.inject({ method: 'POST', url: '/healthz?a=b', payload: {} });
  expect(unknown.json()).toMatchObject({ code: 'route.not-found', title: 'there is no POST /healthz' });
  const failed = await app.inject('/readyz');
  expect(failed.statusCode).toBe(500);
  expect(failed.json()).toEqual({
    type: 'urn:mimeo:problem:internal',
    code: 'internal',
    title: 'internal error',
    status: 500,
    requestId: failed.headers['x-request-id'],
  });
  expect(lines.join('')).toContain('password of the database');
});

it('is asked too often to fill the log', async () => {
  await create().inject('/healthz');
  expect(lines).toEqual([]);
});
