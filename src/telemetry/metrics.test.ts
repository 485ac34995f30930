import { expect, it } from 'vitest';
import { createMetrics, type ProcessState } from './metrics.ts';
import type { InstallationStatistics } from './statistics.ts';

const state: ProcessState = {
  pool: { total: 5, idle: 2, waiting: 1, limit: 20 },
  compute: { threads: 2, queued: 7 },
  connections: 3,
};
const unknown: InstallationStatistics = { copies: null, stores: null, work: null };
const known: InstallationStatistics = {
  copies: {
    byAccount: [{ account: 'a "quoted"\\name', state: 'running', count: 2 }],
    movedBytes: 5000,
    deduplicatedBytes: 700,
  },
  stores: [
    {
      region: 'north',
      packs: [{ state: 'live', count: 2, size: 300 }],
      images: [{ state: 'available', count: 4 }],
    },
  ],
  work: { regions: [{ region: 'north', waiting: 1, oldestSeconds: 60, uploads: 2 }], deliveries: 3, overdueSeconds: 9 },
};

it('shows what was counted and what was read, in the format of Prometheus', async () => {
  const metrics = createMetrics('1.2.3');
  const labels = { protocol: 'native', method: 'GET', route: '/images/:id', status: '2xx' } as const;
  metrics.requests.began('native');
  metrics.requests.began('native');
  metrics.requests.ended(labels, 0.02, { received: 100, sent: 200 });
  metrics.copies.began(2);
  metrics.copies.ended('succeeded', 'regions', 20);
  metrics.copies.retried('store-unavailable');
  const { type, text } = await metrics.render(state, known);
  expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const line of [
    'mimeo_http_requests_in_flight{protocol="native"} 1',
    'mimeo_http_request_duration_seconds_bucket{le="0.025",protocol="native",method="GET",route="/images/:id",status="2xx"} 1',
    'mimeo_http_request_duration_seconds_bucket{le="0.01",protocol="native",method="GET",route="/images/:id",status="2xx"} 0',
    'mimeo_http_received_bytes_total{protocol="native"} 100',
    'mimeo_copy_wait_seconds_count 1',
    'mimeo_copy_duration_seconds_sum{outcome="succeeded",scope="regions"} 20',
    'mimeo_copy_retries_total{code="store-unavailable"} 1',
    'mimeo_copies{account="a \\"quoted\\"\\\\name",state="running"} 2',
    'mimeo_copy_moved_bytes_total 5000',
    'mimeo_store_bytes{region="north",state="live"} 300',
    'mimeo_images{region="north",state="available"} 4',
    'mimeo_copy_queue_oldest_seconds{region="north"} 60',
    'mimeo_webhook_deliveries_pending 3',
    'mimeo_database_up 1',
    'mimeo_database_pool_connections{state="busy"} 3',
    'mimeo_compute_queue_depth 7',
    `mimeo_build_info{version="1.2.3",node="${process.version}"} 1`,
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(text).toMatch(/^process_resident_memory_bytes /m);
  // Each line is a comment or a sample, and no metric is described twice.
  for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? \S+|)$/);
  const helps = text.match(/^# HELP \w+/gm) ?? [];
  expect(new Set(helps).size).toBe(helps.length);
});

it('leaves out what could not be read, instead of a total that falls to nothing', async () => {
  const metrics = createMetrics('1.2.3');
  for (const installation of [unknown, known, unknown]) {
    const { text } = await metrics.render(state, installation);
    expect(text.includes('mimeo_copy_moved_bytes_total')).toBe(installation === known);
    expect(text).toContain(`mimeo_database_up ${installation === known ? 1 : 0}`);
    expect(text).toContain('process_cpu_seconds_total');
  }
});

it('forgets accounts and regions that are no longer among those shown', async () => {
  const metrics = createMetrics('1.2.3');
  await metrics.render(state, known);
  const { text } = await metrics.render(state, {
    ...known,
    copies: { byAccount: [{ account: 'b', state: 'queued', count: 1 }], movedBytes: 6000, deduplicatedBytes: 700 },
    stores: [],
  });
  expect(text).toContain('mimeo_copies{account="b",state="queued"} 1');
  expect(text).not.toMatch(/quoted|mimeo_store_bytes\{/);
  expect(text).toContain('mimeo_copy_moved_bytes_total 6000');
});

it('describes each metric that it shows', async () => {
  const metrics = createMetrics('1.2.3');
  const { text } = await metrics.render(state, known);
  const shown = [...text.matchAll(/^# TYPE (mimeo_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(metrics.descriptions.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(shown.sort());
});
