/** What the job that copies an image works with. */
import type { Db } from '../db/database.ts';
import type { CopyPolicy, PolicyName } from '../domain/copy-policy.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CopyMetrics } from '../telemetry/metrics.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';
import type { TransferSettings } from '../transfer/settings.ts';
import type { Queue } from './queue.ts';

export interface CopyContext {
  readonly db: Db;
  readonly queue: Queue;
  /** The dialects' rules; a copy names its own. */
  readonly policies: ReadonlyMap<PolicyName, CopyPolicy>;
  /** By region id. */
  readonly stores: ReadonlyMap<string, RegionStore>;
  /** The region's number in the database. */
  readonly regionNumbers: ReadonlyMap<string, number>;
  readonly chunkKey: (accountId: string) => Uint8Array;
  readonly compute: ComputePool;
  readonly transfer: TransferSettings;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly metrics: CopyMetrics;
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** Attempts in all; each failure that may go away by itself costs one. */
  readonly maxAttempts: number;
}
