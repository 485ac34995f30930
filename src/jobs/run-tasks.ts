/**
 * Imports and exports, taken from their table by every server in the order in which they were asked for. A lease says whose a
 * task is; its worker renews it with each word of how far it is, and so learns that the task is not its own any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '../db/database.ts';
import { claimTask, letGoOfTask, noteTidy, saveTaskProgress } from '../db/tasks.ts';
import { isFinalCopyState } from '../domain/states.ts';
import { type Task, type TaskHolder, TaskLostError } from '../domain/task.ts';
import { withLogFacts } from '../telemetry/context.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { ShuttingDownError } from './copy-outcome.ts';
import { startProgress } from './progress.ts';
import type { TaskContext } from './task-context.ts';
import { failOrRetryTask, failureOfTask, handBackTask } from './task-outcome.ts';

interface Claim {
  readonly task: Task;
  readonly holder: TaskHolder;
}

/** A worker that says nothing for so long is dead; it speaks twice a second. */
const leaseMs = 30_000;

/** Runs tasks until the signal; resolves when those that run have been handed back. */
export async function runTasks(context: TaskContext, signal: AbortSignal): Promise<void> {
  const { db, clock, logger, server, concurrency, pollMs } = context;
  const running = new Set<Promise<void>>();

  while (!signal.aborted) {
    const claim = await claimNext().catch((error: unknown) => {
      logger.error({ error }, 'imports and exports cannot be taken up at present');
      return undefined;
    });
    if (claim === undefined) {
      await sleep(pollMs, undefined, { signal }).catch(() => {});
      continue;
    }
    const done = runClaim(context, claim, signal).finally(() => running.delete(done));
    running.add(done);
  }
  await Promise.all(running);

  async function claimNext(): Promise<Claim | undefined> {
    if (running.size >= concurrency) return undefined;
    const now = clock.now();
    return await inTransaction(db, (trx) => claimTask(trx, { server, now, leaseUntil: now + leaseMs }));
  }
}

/** Makes one attempt. Does not throw: what cannot be written down is due again when the lease is over. */
async function runClaim(context: TaskContext, claim: Claim, signal: AbortSignal): Promise<void> {
  const { task, holder } = claim;
  const attributes = { 'mimeo.task_id': task.id, 'mimeo.image_id': task.imageId };
  const attempt = isFinalCopyState(task.state) ? tidyUp : runAttempt;
  await withLogFacts({ taskId: task.id, attempt: holder.attempt }, async () => {
    await withSpan(`task.${task.kind}`, attributes, () => attempt(context, claim, signal)).catch((error: unknown) =>
      context.logger.error({ error }, 'how a task ended could not be written down'),
    );
  });
}

async function runAttempt(context: TaskContext, { task, holder }: Claim, stopping: AbortSignal): Promise<void> {
  const { db, clock, logger } = context;
  const abort = new AbortController();
  const stop = () => abort.abort(new ShuttingDownError());
  stopping.addEventListener('abort', stop);
  const progress = startProgress(
    clock,
    async ({ bytesDone, bytesPerSecond }) => {
      const leaseUntil = clock.now() + leaseMs;
      if (!(await saveTaskProgress(db, holder, { bytesDone, bytesPerSecond, leaseUntil }))) throw new TaskLostError();
    },
    (error) => {
      if (error instanceof TaskLostError) abort.abort(error);
      else logger.warn({ error }, 'progress was not saved');
    },
  );
  const onProgress = (bytes: number) => progress.add(bytes, 0);
  try {
    try {
      if (stopping.aborted) stop();
      abort.signal.throwIfAborted();
      await context.work[task.kind]({ task, holder, onProgress, signal: abort.signal });
    } finally {
      stopping.removeEventListener('abort', stop);
    }
    logger.info({ kind: task.kind }, 'task succeeded');
  } catch (error) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
    if (reason instanceof TaskLostError) {
      logger.info({}, 'task was taken away');
      await letGoOfTask(db, holder, clock.now());
    } else if (reason instanceof ShuttingDownError) {
      logger.info({}, 'task handed back');
      await handBackTask(context, holder, 0);
    } else {
      await failOrRetryTask(context, task, holder, failureOfTask(reason));
    }
  } finally {
    await progress.stop();
  }
}

/** One that ended without its worker, or by a failure, has left something. It is tried again when the lease is over. */
async function tidyUp(context: TaskContext, { task, holder }: Claim, signal: AbortSignal): Promise<void> {
  const { db, logger, maxAttempts } = context;
  try {
    await context.tidy(task, AbortSignal.any([signal, AbortSignal.timeout(leaseMs)]));
  } catch (error) {
    const places = task.objects.map(({ bucket, object }) => `${bucket}/${object}`);
    const isLast = task.attempts >= 2 * maxAttempts;
    logger.warn(
      { error, places },
      `unfinished parts of objects could not be removed${isLast ? '; do it by hand' : ''}`,
    );
    if (!isLast) return;
  }
  await noteTidy(db, holder);
}
