/**
 * One copy, from the moment a worker takes it up. Whatever happens it ends in one transaction: succeeded (W3), failed,
 * or handed back for another attempt; a copy that was cancelled meanwhile has been ended already, and is let be.
 */
import { type CopyHolder, findCopyById, isHeld, saveProgress, startCopy } from '../db/copies.ts';
import { databaseFailure, inTransaction } from '../db/database.ts';
import { readDisks } from '../db/disks.ts';
import { moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { attachPendingManifest } from '../db/manifests.ts';
import type { Copy } from '../domain/copy.ts';
import { FailureError } from '../domain/failure.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import type { RegionStore } from '../store/region-store.ts';
import { withLogFacts } from '../telemetry/context.ts';
import { withSpan } from '../telemetry/tracing.ts';
import { type CopyDiskOptions, copyDisk } from '../transfer/copy-disk.ts';
import { asFailure } from '../transfer/failures.ts';
import type { CopyContext } from './copy-context.ts';
import { CopyLostError, failOrRetry, handBack, readLiveDisks, ShuttingDownError, succeed } from './copy-outcome.ts';
import { startProgress } from './progress.ts';
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
    await recheckCopy(copy, context);
    await moveDisks(copy, holder, context, abort);
    await succeed(copy, holder, context);
    logger.info({ seconds: (clock.now() - (copy.startedAt ?? clock.now())) / 1000 }, 'copy succeeded');
  } catch (error) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
    if (reason instanceof CopyLostError || reason instanceof ManifestGoneError) {
      logger.info({}, 'copy was taken away');
    } else if (reason instanceof ShuttingDownError) {
      await inTransaction(db, (trx) => handBack(trx, copy, holder, 0, context));
      logger.info({}, 'copy handed back to the queue');
    } else {
      await failOrRetry(copy, holder, databaseFailure(reason) ?? asFailure(reason), context, logger);
    }
  }
}

function storeOf(region: string, context: CopyContext): RegionStore {
  const store = context.stores.get(region);
  if (store === undefined) throw new FailureError('internal', `region ${region} is no longer configured`);
  return store;
}

async function moveDisks(copy: Copy, holder: CopyHolder, context: CopyContext, abort: AbortController): Promise<void> {
  const { db, clock, stores, regionNumbers } = context;
  const destination = storeOf(copy.destinationRegion, context);
  const source = storeOf(copy.sourceRegion, context);
  const sources = await readLiveDisks(db, copy.sourceImageId);
  const region = regionNumbers.get(copy.destinationRegion) as number;
  const sameRegion = copy.sourceRegion === copy.destinationRegion;
  await inTransaction(db, async (trx) => {
    await holdImage(trx, copy.destinationImageId);
    if (!(await isHeld(trx, holder))) throw new CopyLostError();
    await moveImage(trx, copy.destinationImageId, 'copy-started', clock.now());
    if (sameRegion) return;
    for (const disk of await readDisks(trx, copy.destinationImageId)) {
      const place = { image: copy.destinationImageId, index: disk.index };
      const chunkAccountId = sources.find(({ index }) => index === disk.index)?.chunkAccountId;
      if (disk.manifestId !== null || chunkAccountId === undefined) continue;
      await attachPendingManifest(trx, place, { id: context.newId(), region, size: disk.size, chunkAccountId });
    }
  });
  if (sameRegion) return;

  const alternates = [...stores.values()].filter((store) => store !== source);
  const progress = startProgress(
    clock,
    async (report) => {
      if (!(await saveProgress(db, holder, report))) throw new CopyLostError();
    },
    (error) => {
      if (error instanceof CopyLostError) abort.abort(error);
      else context.logger.warn({ copy: copy.id, error }, 'progress was not saved');
    },
  );
  try {
    const destinations = await readDisks(db, copy.destinationImageId);
    for (const disk of sources) {
      const manifestId = destinations.find(({ index }) => index === disk.index)?.manifestId;
      if (manifestId === undefined || manifestId === null) throw new CopyLostError();
      const options: CopyDiskOptions = {
        source: {
          store: source,
          manifestId: disk.manifestId as string,
          root: disk.root as Uint8Array,
          chunkKey: context.chunkKey(disk.chunkAccountId),
          image: copy.sourceImageId,
          disk: disk.index,
        },
        alternates,
        destination,
        manifestId,
        compute: context.compute,
        settings: context.transfer,
        onProgress: progress.add,
        signal: abort.signal,
      };
      await withSpan('copy.disk', { 'mimeo.disk': disk.index }, () => copyDisk(options));
    }
  } finally {
    await progress.stop();
  }
}
