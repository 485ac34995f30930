/** What a copy tells while it runs: its metrics, the facts on its log lines, and its place in the trace of the request. */
import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../../test/support/collector.ts';
import { copyImage, createInstallation, type Installation, makeImage } from '../../test/support/installation.ts';
import type { Caller } from '../app/context.ts';
import type { Image } from '../domain/image.ts';
import { startTracing } from '../main/tracing.ts';
import { createLogger, silentLogger } from '../telemetry/logger.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { runCopy } from './copy-image.ts';

let installation: Installation;
let caller: Caller;
let image: Image;
beforeEach(async () => {
  installation = await createInstallation();
  onTestFinished(() => installation.close());
  caller = await installation.newCaller();
  image = await makeImage(installation.context, caller, [randomBytes(300_000)]);
});

async function copyTo(region: string, { lines = [] as string[], maxAttempts = 3 } = {}): Promise<string> {
  const { context, copying } = installation;
  const { id } = await copyImage(context, caller, { image: image.id, region });
  const row = await context.db.selectFrom('copies').select('job').where('id', '=', id).executeTakeFirstOrThrow();
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  await runCopy(id, row.job as string, { ...copying, logger, maxAttempts }, new AbortController());
  return id;
}

async function samples(): Promise<string[]> {
  const state = {
    pool: { total: 0, idle: 0, waiting: 0, limit: 1 },
    compute: { threads: 1, queued: 0 },
    connections: 0,
  };
  const { text } = await installation.metrics.render(state, { copies: null, stores: null, work: null });
  return text.split('\n');
}

it('counts how a copy ended, where, and how often it was tried', async () => {
  await copyTo('south');
  await copyTo('north');
  installation.fail('south', { put: () => ({ throws: 'retryable' }) });
  image = await makeImage(installation.context, caller, [randomBytes(300_000)]);
  await copyTo('south');
  await copyTo('south', { maxAttempts: 1 });
  const found = await samples();
  for (const line of [
    'mimeo_copy_duration_seconds_count{outcome="succeeded",scope="regions"} 1',
    'mimeo_copy_duration_seconds_count{outcome="succeeded",scope="region"} 1',
    'mimeo_copy_duration_seconds_count{outcome="failed",scope="regions"} 1',
    'mimeo_copy_retries_total{code="store-unavailable"} 1',
    'mimeo_copy_wait_seconds_count 4',
  ]) {
    expect(found).toContain(line);
  }
});

it('names the copy and the attempt on each of its log lines', async () => {
  const lines: string[] = [];
  const copyId = await copyTo('south', { lines });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ copyId, attempt: 1, msg: 'copy started' }),
    expect.objectContaining({ copyId, attempt: 1, msg: 'copy succeeded' }),
  ]);
});

it('goes on with the trace of the request that asked for it', async () => {
  const collector = await startCollector();
  onTestFinished(collector.close);
  const { endpoint } = collector;
  const options = { endpoint, headers: undefined, ratio: 1, version: '1', server: 's', logger: silentLogger };
  const tracing = await startTracing(options);
  onTestFinished(() => tracing.stop());

  const { context, copying } = installation;
  const { id } = await withSpan('request', {}, () => copyImage(context, caller, { image: image.id, region: 'south' }));
  const row = await context.db.selectFrom('copies').select('job').where('id', '=', id).executeTakeFirstOrThrow();
  await runCopy(id, row.job as string, copying, new AbortController());
  await tracing.stop();

  const spans = collector.spans();
  const named = (name: string) => spans.filter((span) => span.name === name);
  const [request, run, disk] = [...named('request'), ...named('copy.run'), ...named('copy.disk')];
  expect(run?.traceId).toBe(request?.traceId);
  expect(spans.find(({ spanId }) => spanId === run?.parentSpanId)?.traceId).toBe(request?.traceId);
  expect(disk?.parentSpanId).toBe(run?.spanId);
  expect(named('copy.create')[0]?.parentSpanId).toBe(request?.spanId);
  // Its transactions are in it, too.
  expect(named('database.transaction').some(({ parentSpanId }) => parentSpanId === run?.spanId)).toBe(true);
});
