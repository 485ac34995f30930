/**
 * Every metric there is. What this process does is counted as it happens; what the installation has is in
 * `installation-metrics.ts`. No label has a value that a client chooses: routes are patterns, and accounts are named up to a
 * limit.
 */
import { collectDefaultMetrics } from 'prom-client';
import { createInstallationMetrics } from './installation-metrics.ts';
import { createMetricGroup, type MetricDescription, type MetricGroup } from './metric-group.ts';
import type { InstallationStatistics } from './statistics.ts';

/** `aborted`: the client went away before it had the answer. */
export type RequestOutcome = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'aborted';

export interface RequestLabels {
  readonly protocol: string;
  readonly method: string;
  /** The pattern, or `unmatched`. */
  readonly route: string;
  readonly status: RequestOutcome;
}

export interface RequestMetrics {
  began(protocol: string): void;
  ended(labels: RequestLabels, seconds: number, bytes: { readonly received: number; readonly sent: number }): void;
  /** A connection was one too many. */
  refusedConnection(): void;
}

export interface CopyMetrics {
  /** A worker took up a copy for the first time, `waited` seconds after it was accepted. */
  began(waited: number): void;
  /** `scope`: inside one region, which moves no bytes, or between two; `seconds` since it was first taken up. */
  ended(outcome: 'succeeded' | 'failed', scope: 'region' | 'regions', seconds: number): void;
  /** An attempt failed for a reason that may go away; `code` is the failure's. */
  retried(code: string): void;
}

/** What is looked at when somebody asks. */
export interface ProcessState {
  readonly pool: { readonly total: number; readonly idle: number; readonly waiting: number; readonly limit: number };
  readonly compute: { readonly threads: number; readonly queued: number };
  readonly connections: number;
}

export interface Metrics {
  readonly requests: RequestMetrics;
  readonly copies: CopyMetrics;
  /** The page for Prometheus. */
  render(state: ProcessState, installation: InstallationStatistics): Promise<{ type: string; text: string }>;
  /** Mimeo's own metrics; those of the process and of Node are prom-client's. */
  readonly descriptions: readonly MetricDescription[];
}

/** From a state that is read to an image that is verified; the content of most disks is in the last ones. */
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
/** From a copy inside a region to terabytes between two. */
const copyBuckets = [0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

export function createMetrics(version: string): Metrics {
  const group = createMetricGroup();
  group
    .gauge('mimeo_build_info', 'Always 1; the labels say what runs.', ['version', 'node'])
    .set({ version, node: process.version }, 1);
  const up = group.gauge('mimeo_database_up', '0: the database did not answer, and what is read from it is left out.');
  const requests = requestMetrics(group);
  const copies = copyMetrics(group);
  const showProcess = processMetrics(group);
  collectDefaultMetrics({ register: group.registry });
  const installationMetrics = createInstallationMetrics();

  return {
    requests,
    copies,
    async render(state, installation) {
      up.set(Object.values(installation).includes(null) ? 0 : 1);
      showProcess(state);
      const text = `${await group.registry.metrics()}\n${await installationMetrics.render(installation)}`;
      return { type: group.registry.contentType, text };
    },
    descriptions: [group, ...installationMetrics.groups].flatMap(({ descriptions }) => descriptions),
  };
}

function requestMetrics(group: MetricGroup): RequestMetrics {
  const durations = group.histogram(
    'mimeo_http_request_duration_seconds',
    'From the head of a request to the end of its answer; `aborted`: the client went away before.',
    requestBuckets,
    ['protocol', 'method', 'route', 'status'],
  );
  const inFlight = group.gauge('mimeo_http_requests_in_flight', 'Requests that are being answered.', ['protocol']);
  const received = group.counter('mimeo_http_received_bytes_total', 'Bytes of requests, heads included.', ['protocol']);
  const sent = group.counter('mimeo_http_sent_bytes_total', 'Bytes of answers, heads included.', ['protocol']);
  const refused = group.counter('mimeo_http_connections_refused_total', 'Connections that were one too many.');
  return {
    began: (protocol) => inFlight.inc({ protocol }),
    ended(labels, seconds, bytes) {
      const { protocol } = labels;
      inFlight.dec({ protocol });
      durations.observe({ ...labels }, seconds);
      received.inc({ protocol }, bytes.received);
      sent.inc({ protocol }, bytes.sent);
    },
    refusedConnection: () => refused.inc(),
  };
}

function copyMetrics(group: MetricGroup): CopyMetrics {
  const waits = group.histogram('mimeo_copy_wait_seconds', 'From accepting a copy to its first attempt.', copyBuckets);
  const durations = group.histogram(
    'mimeo_copy_duration_seconds',
    'From the first attempt to the end; `region`: inside one, which moves no bytes; `regions`: between two.',
    copyBuckets,
    ['outcome', 'scope'],
  );
  const retries = group.counter('mimeo_copy_retries_total', 'Attempts that failed and are made again, by failure.', [
    'code',
  ]);
  return {
    began: (waited) => waits.observe(waited),
    ended: (outcome, scope, seconds) => durations.observe({ outcome, scope }, seconds),
    retried: (code) => retries.inc({ code }),
  };
}

function processMetrics(group: MetricGroup): (state: ProcessState) => void {
  const pool = group.gauge('mimeo_database_pool_connections', 'Connections to the database.', ['state']);
  const poolLimit = group.gauge('mimeo_database_pool_limit', 'The most connections that are opened.');
  const poolWaiting = group.gauge('mimeo_database_pool_waiting', 'Who waits for a connection.');
  const threads = group.gauge('mimeo_compute_threads', 'Threads that cut, hash and compress.');
  const tasks = group.gauge('mimeo_compute_queue_depth', 'Tasks that wait for a thread.');
  const connections = group.gauge('mimeo_http_connections', 'Open connections of clients.');
  return (state) => {
    pool.set({ state: 'idle' }, state.pool.idle);
    pool.set({ state: 'busy' }, state.pool.total - state.pool.idle);
    poolLimit.set(state.pool.limit);
    poolWaiting.set(state.pool.waiting);
    threads.set(state.compute.threads);
    tasks.set(state.compute.queued);
    connections.set(state.connections);
  };
}
