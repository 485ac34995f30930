/** What the worker that runs imports and exports works with. */
import type { Db } from '../db/database.ts';
import type { Task, TaskHolder, TaskKind, TaskRun } from '../domain/task.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface TaskContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** What each kind is. It ends the task itself when it has succeeded. */
  readonly work: Readonly<Record<TaskKind, (run: TaskRun) => Promise<void>>>;
  /** Removes what a task that has ended left in the bucket. */
  readonly tidy: (task: Task, holder: TaskHolder, signal: AbortSignal) => Promise<void>;
  /** Tasks that this server runs at once. */
  readonly concurrency: number;
  /** Attempts in all; each failure that may go away by itself costs one, and so does the death of a worker. */
  readonly maxAttempts: number;
  /** How long to wait when nothing is due. */
  readonly pollMs: number;
}
