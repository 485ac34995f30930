/** How an attempt of a task ends that did not succeed: each in one transaction, and only while the holder has it. */
import { condemnUnused } from '../db/condemn.ts';
import { databaseFailure, inTransaction } from '../db/database.ts';
import { readDisks } from '../db/disks.ts';
import { moveImage } from '../db/image-states.ts';
import { lockImage } from '../db/images.ts';
import { detachManifest } from '../db/manifests.ts';
import { moveTask } from '../db/tasks.ts';
import { endUpload, findUpload } from '../db/uploads.ts';
import { FailureError, isRetryable } from '../domain/failure.ts';
import { isRefusal } from '../domain/refusal.ts';
import type { Task, TaskHolder } from '../domain/task.ts';
import { ObjectError } from '../objects/object-store.ts';
import { asFailure } from '../transfer/failures.ts';
import { retryDelay } from './copy-outcome.ts';
import type { TaskContext } from './task-context.ts';

/** The failure that an error of a task's work amounts to. */
export function failureOfTask(error: unknown): FailureError {
  const options = { cause: error };
  if (isRefusal(error, 'disk.unsafe-format')) {
    const { disk, reason } = error.facts;
    return new FailureError('format-refused', `disk ${disk}: ${reason}`, options);
  }
  if (isRefusal(error, 'upload.incomplete')) {
    return new FailureError('object-gone', 'the object has changed since the import was asked for', options);
  }
  if (!(error instanceof ObjectError)) return databaseFailure(error) ?? asFailure(error);
  switch (error.kind) {
    case 'bucket-not-found':
    case 'object-not-found':
    case 'changed':
      return new FailureError('object-gone', error.message, options);
    case 'denied':
    case 'rejected':
      return new FailureError('object-denied', error.message, options);
    case 'unreachable':
      return new FailureError('object-store-unavailable', error.message, options);
  }
}

/** The task waits for another attempt; what an import has stored is kept for it. */
export async function handBackTask(
  { db, clock }: Pick<TaskContext, 'db' | 'clock'>,
  holder: TaskHolder,
  { delaySeconds = 0, isFree = false }: { readonly delaySeconds?: number; readonly isFree?: boolean },
): Promise<void> {
  const now = clock.now();
  const move = { event: 'handed-back', holder, dueAt: now + delaySeconds * 1000, isFree } as const;
  await inTransaction(db, (trx) => moveTask(trx, holder.id, move, now));
}

export async function failOrRetryTask(
  context: TaskContext,
  task: Task,
  holder: TaskHolder,
  failure: FailureError,
): Promise<void> {
  const { logger, maxAttempts } = context;
  const mayPass = isRetryable(failure.code);
  if (mayPass && task.attempts < maxAttempts) {
    const delaySeconds = retryDelay(task.attempts);
    logger.warn({ error: failure, delaySeconds }, 'a task failed and is tried again');
    await handBackTask(context, holder, { delaySeconds });
    return;
  }
  logger.error({ error: failure }, 'a task failed');
  const message = `given up after ${maxAttempts} attempts: ${failure.message}`;
  const final = mayPass ? new FailureError('attempts-exhausted', message, { cause: failure }) : failure;
  await failTask(context, task, holder, final);
}

/** One whose worker died in the last attempt that it has is not begun again: it may be what kills them. */
export async function failExhausted(context: TaskContext, task: Task, holder: TaskHolder): Promise<void> {
  const message = `given up: ${context.maxAttempts} attempts were begun, and the server died in the last`;
  context.logger.error({}, 'a task has outlived its last attempt');
  await failTask(context, task, holder, new FailureError('attempts-exhausted', message));
}

/** The task has failed, and with an import its image: its quota is given back and what was stored is condemned (D1). */
async function failTask(
  { db, clock }: TaskContext,
  task: Task,
  holder: TaskHolder,
  { code, message }: FailureError,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    await lockImage(trx, task.accountId, task.imageId, 'update');
    // Due at once: what an export has left in the bucket is removed.
    const move = { event: 'failed', holder, failure: { code, message }, dueAt: now } as const;
    if (!(await moveTask(trx, task.id, move, now)) || task.kind === 'export') return;
    const upload = await findUpload(trx, task.imageId);
    if (upload !== undefined) await endUpload(trx, upload);
    const detached: string[] = [];
    for (const { index } of await readDisks(trx, task.imageId)) {
      const manifest = await detachManifest(trx, { image: task.imageId, index });
      if (manifest !== null) detached.push(manifest);
    }
    await moveImage(trx, task.imageId, 'failed', now);
    await condemnUnused(trx, detached, now);
  });
}
