/**
 * Imports and exports, taken from their table by every server in the order in which they were asked for. A lease says whose a
 * task is; its worker renews it with each word of how far it is, and so learns that the task is not its own any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '../db/database.ts';
import { claimTask, handBackTidy, letGoOfTask, noteTidy, saveTaskProgress, type TaskClaim } from '../db/tasks.ts';
import { isFinalCopyState } from '../domain/states.ts';
import { TaskLostError } from '../domain/task.ts';
import { withLogFacts } from '../telemetry/context.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { ShuttingDownError } from './copy-outcome.ts';
import { startProgress } from './progress.ts';
import type { TaskContext } from './task-context.ts';
import { failExhausted, failOrRetryTask, failureOfTask, handBackTask } from './task-outcome.ts';

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

  async function claimNext(): Promise<TaskClaim | undefined> {
    if (running.size >= concurrency) return undefined;
    const now = clock.now();
    return await inTransaction(db, (trx) => claimTask(trx, { server, now, leaseUntil: now + leaseMs }));
  }
}

/** Makes one attempt. Does not throw: what cannot be written down is due again when the lease is over. */
async function runClaim(context: TaskContext, claim: TaskClaim, signal: AbortSignal): Promise<void> {
  const { task, holder } = claim;
  const attributes = { 'mimeo.task_id': task.id, 'mimeo.image_id': task.imageId };
  const attempt = isFinalCopyState(task.state) ? tidyUp : runAttempt;
  await withLogFacts({ taskId: task.id, attempt: holder.claim }, async () => {
    await withSpan(`task.${task.kind}`, attributes, () => attempt(context, claim, signal)).catch((error: unknown) =>
      context.logger.error({ error }, 'how a task ended could not be written down'),
    );
  });
}

async function runAttempt(context: TaskContext, { task, holder }: TaskClaim, stopping: AbortSignal): Promise<void> {
  const { db, clock, logger, maxAttempts } = context;
  if (task.attempts > maxAttempts) return await failExhausted(context, task, holder);
  const { abort, release } = abortWith(stopping);
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
      abort.signal.throwIfAborted();
      await context.work[task.kind]({ task, holder, onProgress, signal: abort.signal });
    } finally {
      release();
    }
    logger.info({ kind: task.kind }, 'task succeeded');
  } catch (error) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
    if (reason instanceof TaskLostError) {
      logger.info({}, 'task was taken away');
      await letGoOfTask(db, holder, clock.now());
    } else if (reason instanceof ShuttingDownError) {
      logger.info({}, 'task handed back');
      await handBackTask(context, holder, { isFree: true });
    } else {
      await failOrRetryTask(context, task, holder, failureOfTask(reason));
      // Others may have ended it first: what it left is not to wait for the end of the lease.
      await letGoOfTask(db, holder, clock.now());
    }
  } finally {
    await progress.stop();
  }
}

/** One that ended without its worker, or by a failure, has left something. It is tried again when the lease is over. */
async function tidyUp(context: TaskContext, { task, holder, tidies }: TaskClaim, signal: AbortSignal): Promise<void> {
  const { db, clock, logger, maxAttempts } = context;
  const most = 2 * maxAttempts;
  // More than that when the last one's worker died.
  if (tidies <= most) {
    const { abort, release } = abortWith(signal);
    const tooLong = setTimeout(() => abort.abort(new Error('it took longer than a lease')), leaseMs);
    try {
      abort.signal.throwIfAborted();
      await context.tidy(task, holder, abort.signal);
      return await noteTidy(db, holder);
    } catch (error) {
      if (signal.aborted) return await handBackTidy(db, holder, clock.now());
      logger.warn({ error }, 'what an export left could not be removed');
      if (tidies < most) return;
    } finally {
      clearTimeout(tooLong);
      release();
    }
  }
  const places = task.objects.map(({ bucket, object }) => `${bucket}/${object}`);
  logger.error({ places }, 'what an export left stays: remove objects of it and unfinished uploads by hand');
  await noteTidy(db, holder);
}

/** A controller of one's own that is aborted when the server stops, until it is released. */
function abortWith(stopping: AbortSignal): { readonly abort: AbortController; release(): void } {
  const abort = new AbortController();
  const stop = () => abort.abort(new ShuttingDownError());
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  return { abort, release: () => stopping.removeEventListener('abort', stop) };
}
