/**
 * One copy, from the moment a worker takes it up. Whatever happens it ends in one transaction: succeeded (W3), failed,
 * or handed back for another attempt; a copy that was cancelled meanwhile has been ended already, and is let be.
 */
import { type CopyHolder, findCopyById, startCopy } from '../db/copies.ts';
import { databaseFailure, inTransaction } from '../db/database.ts';
import type { Copy } from '../domain/copy.ts';
import type { FailureError } from '../domain/failure.ts';
import { failureOfRefusal } from '../domain/key-failure.ts';
import { RefusalError } from '../domain/refusal.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import { withLogFacts } from '../telemetry/context.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { asFailure } from '../transfer/failures.ts';
import type { CopyContext } from './copy-context.ts';
import { CopyLostError, failOrRetry, handBack, ShuttingDownError, succeed } from './copy-outcome.ts';
import { moveDisks } from './move-disks.ts';
import { recheckCopy } from './recheck-copy.ts';

/** Runs the copy. Never throws for what happens to the copy itself; an error means that the database did not answer. */
export async function runCopy(
  copyId: string,
  job: string,
  context: CopyContext,
  abort: AbortController,
): Promise<void> {
  const { db, clock, server } = context;
  const holder = await inTransaction(db, (trx) => startCopy(trx, copyId, job, server, clock.now()));
  const copy = holder && (await findCopyById(db, copyId));
  if (holder === undefined || copy === undefined) return;
  if (holder.attempt === 1) context.metrics.began(Math.max(0, clock.now() - copy.createdAt) / 1000);
  const attributes = { 'mimeo.copy_id': copyId, 'mimeo.from': copy.sourceRegion, 'mimeo.to': copy.destinationRegion };
  const traced = () =>
    withSpan('copy.run', attributes, () => runAttempt(copy, holder, context, abort), { parent: holder.traceParent });
  await withLogFacts({ copyId, attempt: holder.attempt }, traced);
}

async function runAttempt(copy: Copy, holder: CopyHolder, context: CopyContext, abort: AbortController): Promise<void> {
  const { db, clock, logger } = context;
  logger.info({ from: copy.sourceRegion, to: copy.destinationRegion }, 'copy started');
  try {
    const requester = await recheckCopy(copy, context);
    const rekeyed = await moveDisks({ copy, holder, requester, abort }, context);
    // That may have taken hours: nobody is given what a key was disabled for meanwhile, encrypted or not.
    if (rekeyed.size > 0) await recheckCopy(copy, context);
    await succeed(copy, holder, rekeyed, context);
    logger.info({ seconds: (clock.now() - (copy.startedAt ?? clock.now())) / 1000 }, 'copy succeeded');
  } catch (error) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
    if (reason instanceof CopyLostError || reason instanceof ManifestGoneError) {
      logger.info({}, 'copy was taken away');
    } else if (reason instanceof ShuttingDownError) {
      await inTransaction(db, (trx) => handBack(trx, copy, holder, 0, context));
      logger.info({}, 'copy handed back to the queue');
    } else {
      await failOrRetry(copy, holder, failureOf(reason, copy), context, logger);
    }
  }
}

function failureOf(error: unknown, { encryption }: Copy): FailureError {
  // A key was disabled, or its grant taken away, in the middle of it.
  if (error instanceof RefusalError) return failureOfRefusal(error, encryption);
  return databaseFailure(error) ?? asFailure(error);
}
