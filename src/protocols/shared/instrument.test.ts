import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FastifyInstance, fastify } from 'fastify';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../../../test/support/collector.ts';
import { until } from '../../../test/support/installation.ts';
import { startTracing } from '../../main/tracing.ts';
import { addLogFacts } from '../../telemetry/context.ts';
import { createLogger, silentLogger } from '../../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { instrument } from './instrument.ts';

let app: FastifyInstance;
let metrics: Metrics;
let lines: string[];
let origin: string;

beforeEach(async () => {
  lines = [];
  metrics = createMetrics('1.2.3');
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  app = fastify({ genReqId: () => 'request-1', return503OnClosing: false });
  instrument(app, { protocol: 'native', metrics: metrics.requests, logger });
  app.addHook('onRequest', async (request) => {
    await sleep(1);
    if (request.headers.authorization !== undefined) addLogFacts({ account: 'acme', user: 'ann' });
  });
  app.post('/images/:id', async ({ body }, reply) => {
    await sleep(1);
    logger.info({ name: (body as { name: string }).name }, 'inside');
    return reply.code(201).send({ done: true });
  });
  app.get('/broken', async () => Promise.reject(new Error('broken')));
  app.get('/endless', () => new Promise(() => {}));
  await app.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return async () => {
    app.server.closeAllConnections();
    await app.close();
  };
});

function post(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ name: 'x' });
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

async function accessLines(count: number): Promise<Record<string, unknown>[]> {
  const found = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
  await until(() => found().length >= count);
  return found();
}

async function metricsText(): Promise<string[]> {
  const state = {
    pool: { total: 0, idle: 0, waiting: 0, limit: 1 },
    compute: { threads: 1, queued: 0 },
    connections: 0,
  };
  return (await metrics.render(state, { copies: null, stores: null, work: null })).text.split('\n');
}

describe('a request', () => {
  it('has a line in the log, and its facts are on every line of what it did', async () => {
    await post('/images/7', { authorization: 'Bearer t' });
    const [line] = await accessLines(1);
    const facts = { requestId: 'request-1', protocol: 'native', account: 'acme', user: 'ann' };
    expect(line).toMatchObject({
      ...facts,
      level: 30,
      method: 'POST',
      route: '/images/:id',
      path: '/images/7',
      status: 201,
      ms: expect.any(Number),
      address: '127.0.0.1',
    });
    expect(line?.['ms']).toBeGreaterThanOrEqual(1);
    expect(line?.['received']).toBeGreaterThan(JSON.stringify({ name: 'x' }).length);
    expect(line?.['sent']).toBeGreaterThan(JSON.stringify({ done: true }).length);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ...facts, msg: 'inside', name: 'x' });
  });

  it('shows no secret that it carries', async () => {
    const headers = { authorization: 'Bearer s3cr3t', 'x-signature': 's3cr3t', cookie: 's3cr3t' };
    await post('/images/7?Signature=s3cr3t&X-Amz-Signature=s3cr3t', headers);
    await post('/no/route/s3cr3t?a=s3cr3t', headers);
    await accessLines(2);
    expect(lines.join('')).not.toContain('s3cr3t');
  });

  it('is counted by its pattern, whatever its path', async () => {
    await Promise.all([post('/images/1'), post('/images/2'), post('/nowhere/3'), fetch(`${origin}/broken`)]);
    await accessLines(4);
    const text = await metricsText();
    for (const [labels, count] of [
      ['method="POST",route="/images/:id",status="2xx"', 2],
      ['method="POST",route="unmatched",status="4xx"', 1],
      ['method="GET",route="/broken",status="5xx"', 1],
    ]) {
      expect(text).toContain(`mimeo_http_request_duration_seconds_count{protocol="native",${labels}} ${count}`);
    }
    expect(text).toContain('mimeo_http_requests_in_flight{protocol="native"} 0');
    const [received] = text.flatMap(
      (line) => /^mimeo_http_received_bytes_total\{.*\} (\d+)$/.exec(line)?.slice(1) ?? [],
    );
    const lengths = (await accessLines(4)).map(({ received: bytes }) => bytes as number);
    expect(Number(received)).toBe(lengths.reduce((sum, bytes) => sum + bytes, 0));
  });

  it('counts as aborted when its client goes away, and is in flight no longer', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /endless HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(async () => (await metricsText()).includes('mimeo_http_requests_in_flight{protocol="native"} 1'));
    socket.destroy();
    const [line] = await accessLines(1);
    expect(line).toMatchObject({ route: '/endless', aborted: true });
    const text = await metricsText();
    expect(text).toContain('mimeo_http_requests_in_flight{protocol="native"} 0');
    expect(text.join('\n')).toMatch(/_count\{protocol="native",method="GET",route="\/endless",status="aborted"\} 1/);
  });

  it('is a span in the trace of its client, unless it is one of many that nobody looks at', async () => {
    const collector = await startCollector();
    onTestFinished(collector.close);
    const { endpoint } = collector;
    const logger = silentLogger;
    const tracing = await startTracing({ endpoint, headers: undefined, ratio: 1, version: '1', server: 's', logger });
    onTestFinished(tracing.stop);
    const traceId = 'a'.repeat(32);
    await post('/images/7', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` });
    await fetch(`${origin}/broken`);
    const quiet = fastify();
    instrument(quiet, { protocol: 'operations', metrics: metrics.requests, logger, quiet: true });
    quiet.get('/healthz', async () => 'ok');
    expect((await quiet.inject('/healthz')).body).toBe('ok');
    await accessLines(2);
    await tracing.stop();

    const spans = collector.spans();
    expect(spans.map(({ name }) => name).sort()).toEqual(['GET /broken', 'POST /images/:id']);
    const posted = spans.find(({ name }) => name === 'POST /images/:id');
    expect(posted).toMatchObject({ traceId, parentSpanId: 'b'.repeat(16), kind: 2, status: { code: 0 } });
    expect(posted?.attributes).toContainEqual({ key: 'mimeo.request_id', value: { stringValue: 'request-1' } });
    expect(spans.find(({ name }) => name === 'GET /broken')?.status).toMatchObject({ code: 2 });
  });
});
