/** `/metrics`: what this process counted, and what the installation has, read when somebody asks and not more often than it may cost. */
import type { Db } from '../db/database.ts';
import { countConnections } from '../db/database.ts';
import { readCopyStatistics, readStoreStatistics, readWorkStatistics } from '../db/statistics.ts';
import { cached } from '../lib/cached.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';

export interface MetricsPageOptions {
  readonly metrics: Metrics;
  readonly db: Db;
  /** The most that the pool opens. */
  readonly databaseConnections: number;
  readonly compute: Pick<ComputePool, 'threads' | 'queued'>;
  readonly countConnections: () => Promise<number>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** With six states, some hundred series. */
const namedAccounts = 20;

/** What was read is kept for a second, or for twenty times as long as reading took: a twentieth of one connection at most. */
function keepMs(tookMs: number): number {
  return Math.max(1000, 20 * tookMs);
}

/** Returns what renders the page. Without the database it shows what the process knows. */
export function createMetricsPage(options: MetricsPageOptions): () => Promise<{ type: string; text: string }> {
  const { metrics, db, compute, clock, logger } = options;

  function statistics<Statistics>(read: () => Promise<Statistics>): () => Promise<Statistics | null> {
    return cached(
      () =>
        read().catch((error: unknown) => {
          logger.warn({ error }, 'metrics could not be read from the database');
          return null;
        }),
      clock,
      keepMs,
    );
  }
  const readCopies = statistics(() => readCopyStatistics(db, namedAccounts));
  const readStores = statistics(() => readStoreStatistics(db));
  const readWork = statistics(() => readWorkStatistics(db, clock.now()));

  return async () => {
    const [copies, stores, work] = await Promise.all([readCopies(), readStores(), readWork()]);
    const state = {
      pool: { ...countConnections(db), limit: options.databaseConnections },
      compute: { threads: compute.threads, queued: compute.queued() },
      connections: await options.countConnections(),
    };
    return await metrics.render(state, { copies, stores, work });
  };
}
