import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Collector, startCollector } from '../../test/support/collector.ts';
import { Secret } from '../lib/secret.ts';
import { createLogger } from '../telemetry/logger.ts';
import { currentTraceParent, startRequestSpan, withSpan } from '../telemetry/tracing.ts';
import { startTracing, type Tracing } from './tracing.ts';

let collector: Collector;
let log: string[];

beforeEach(async () => {
  collector = await startCollector();
  log = [];
  return collector.close;
});

async function start(ratio: number): Promise<Tracing> {
  const headers = new Secret('x-api-key=abc%20d=ef,x-tenant=t');
  const logger = createLogger('warn', { write: (line) => log.push(line) });
  const tracing = await startTracing({
    endpoint: collector.endpoint,
    headers,
    ratio,
    version: '1.2.3',
    server: 'server-id',
    logger,
  });
  onTestFinished(() => tracing.stop());
  return tracing;
}

const clientTrace = 'a'.repeat(32);
const clientSpan = 'b'.repeat(16);

it('sends the spans of a request, of what it did, and of the job that came of it, as one trace', async () => {
  const tracing = await start(1);
  const request = startRequestSpan(
    'POST /copies',
    { 'http.request.method': 'POST' },
    `00-${clientTrace}-${clientSpan}-01`,
  );
  const parent = await request.run(() =>
    withSpan('copy.accept', { 'mimeo.region': 'north' }, async () => currentTraceParent()),
  );
  request.end({ status: 202 });
  expect(parent).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
  const failing = withSpan('copy.run', {}, () => Promise.reject(new Error('disk broke')), { parent });
  await expect(failing).rejects.toThrow('disk broke');
  await tracing.stop();

  const found = collector.spans();
  const names = ['POST /copies', 'copy.accept', 'copy.run'];
  const [asked, accepted, ran] = names.map((wanted) => found.find(({ name }) => name === wanted));
  expect(asked).toMatchObject({ traceId: clientTrace, parentSpanId: clientSpan, kind: 2 });
  expect(asked?.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 202 } });
  expect(accepted).toMatchObject({ traceId: clientTrace, parentSpanId: asked?.spanId });
  expect(accepted?.attributes).toEqual([{ key: 'mimeo.region', value: { stringValue: 'north' } }]);
  expect(ran).toMatchObject({ traceId: clientTrace, parentSpanId: accepted?.spanId, status: { code: 2 } });
  expect(ran).toMatchObject({ events: [{ name: 'exception' }] });

  const [sent] = collector.requests;
  expect(sent).toMatchObject({ url: '/v1/traces', headers: { 'x-api-key': 'abc d=ef', 'x-tenant': 't' } });
  const resource = sent?.body.resourceSpans[0]?.resource.attributes;
  for (const [key, stringValue] of [
    ['service.name', 'mimeo'],
    ['service.version', '1.2.3'],
    ['service.instance.id', 'server-id'],
  ]) {
    expect(resource).toContainEqual({ key, value: { stringValue } });
  }
});

it('keeps its share of traces, and those that a client has decided on', async () => {
  const tracing = await start(0);
  await withSpan('dropped', {}, async () => {});
  startRequestSpan('not wanted', {}, `00-${clientTrace}-${clientSpan}-00`).end({ status: 200 });
  startRequestSpan('wanted', {}, `00-${clientTrace}-${clientSpan}-01`).end({ status: 200 });
  await withSpan('housekeeping', {}, async () => {}, { onlyInside: true, parent: null });
  await tracing.stop();
  expect(collector.spans().map(({ name }) => name)).toEqual(['wanted']);
});

it('traces nothing unless it was started', async () => {
  expect(await withSpan('nothing', {}, async () => currentTraceParent())).toBeNull();
});

it('says so, and no secret, when the collector does not take them', async () => {
  collector.answerWith(400);
  const tracing = await start(1);
  await withSpan('lost', {}, async () => {});
  await tracing.stop();
  expect(collector.requests).toHaveLength(1);
  expect(log.join('')).toMatch(/traces/);
  expect(log.join('')).not.toContain('abc');
});
