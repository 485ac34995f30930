/** What the use cases work with, and who calls them. */
import type { Db } from '../db/database.ts';
import type { RandomBytes } from '../domain/ids.ts';
import type { Queue } from '../jobs/queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DataPlane } from './data-plane.ts';

export interface AppContext {
  readonly db: Db;
  readonly queue: Pick<Queue, 'admit' | 'lock'>;
  readonly dataPlane: DataPlane;
  /** The configured regions' numbers in the database, by id. */
  readonly regionNumbers: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** How long condemned bytes are kept. */
  readonly graceMs: number;
}

/** Who asks. Another account's images do not exist for the caller. */
export interface Caller {
  readonly accountId: string;
}
