/**
 * One copy, from the moment a worker takes it up. Whatever happens it ends in one transaction: succeeded (W3), failed,
 * or handed back for another attempt; a copy that was cancelled meanwhile has been ended already, and is let be.
 */
import type { CopyGroup } from '../db/admission.ts';
import { condemnUnused } from '../db/condemn.ts';
import { type CopyHolder, findCopyById, isHeld, moveCopy, saveProgress, startCopy } from '../db/copies.ts';
import { type Db, inTransaction, isUnavailable, type Trx } from '../db/database.ts';
import { type DiskRow, readDisks, shareManifest } from '../db/disks.ts';
import { moveImage } from '../db/images.ts';
import { attachPendingManifest, detachManifest, makeManifestLive } from '../db/manifests.ts';
import type { Copy } from '../domain/copy.ts';
import { FailureError, isRetryable } from '../domain/failure.ts';
import type { Clock } from '../lib/clock.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';
import { copyDisk } from '../transfer/copy-disk.ts';
import { asFailure } from '../transfer/failures.ts';
import type { TransferSettings } from '../transfer/settings.ts';
import { startProgress } from './progress.ts';
import type { Queue } from './queue.ts';

export interface CopyContext {
  readonly db: Db;
  readonly queue: Queue;
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
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** Attempts in all; each failure that may go away by itself costs one. */
  readonly maxAttempts: number;
}

/** Reasons for which a worker lets go of a copy; anything else that aborts it is a bug. */
export class CopyLostError extends Error {
  constructor() {
    super('the copy was cancelled or another worker has it');
    this.name = 'CopyLostError';
  }
}

export class ShuttingDownError extends Error {
  constructor() {
    super('the server is shutting down');
    this.name = 'ShuttingDownError';
  }
}

/** Seconds before the attempt after `attempts`: 1, 2, 4 … 300. */
export function retryDelay(attempts: number): number {
  return Math.min(300, 2 ** Math.max(0, attempts - 1));
}

/** Runs the copy. Never throws for what happens to the copy itself; an error means that the database did not answer. */
export async function runCopy(
  copyId: string,
  job: string,
  context: CopyContext,
  abort: AbortController,
): Promise<void> {
  const { db, clock, server } = context;
  const holder = await startCopy(db, copyId, job, server, clock.now());
  const copy = holder && (await findCopyById(db, copyId));
  if (holder === undefined || copy === undefined) return;
  const logger = context.logger.child({ copy: copyId, attempt: holder.attempt });
  logger.info({ from: copy.sourceRegion, to: copy.destinationRegion }, 'copy started');
  try {
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
      await failOrRetry(copy, holder, failureOf(reason), context, logger);
    }
  }
}

function failureOf(error: unknown): FailureError {
  if (!isUnavailable(error)) return asFailure(error);
  return new FailureError('database-unavailable', 'the database does not answer', { cause: error });
}

function groupOf(copy: Copy): CopyGroup {
  return { accountId: copy.accountId, region: copy.destinationRegion };
}

function storeOf(region: string, context: CopyContext): RegionStore {
  const store = context.stores.get(region);
  if (store === undefined) throw new FailureError('internal', `region ${region} is no longer configured`);
  return store;
}

async function readLiveDisks(db: Db | Trx, image: string): Promise<DiskRow[]> {
  const disks = await readDisks(db, image);
  if (disks.length === 0 || disks.some(({ manifestState }) => manifestState !== 'live')) {
    throw new FailureError('source-gone', `image ${image} is no longer there to be copied`);
  }
  return disks;
}

async function moveDisks(copy: Copy, holder: CopyHolder, context: CopyContext, abort: AbortController): Promise<void> {
  const { db, clock, stores, regionNumbers } = context;
  const destination = storeOf(copy.destinationRegion, context);
  const source = storeOf(copy.sourceRegion, context);
  const sources = await readLiveDisks(db, copy.sourceImageId);
  const region = regionNumbers.get(copy.destinationRegion) as number;
  const sameRegion = copy.sourceRegion === copy.destinationRegion;
  await inTransaction(db, async (trx) => {
    if (!(await isHeld(trx, holder))) throw new CopyLostError();
    await moveImage(trx, copy.destinationImageId, 'copy-started', clock.now());
    if (sameRegion) return;
    for (const disk of await readDisks(trx, copy.destinationImageId)) {
      const place = { image: copy.destinationImageId, index: disk.index };
      if (disk.manifestId === null)
        await attachPendingManifest(trx, place, { id: context.newId(), region, size: disk.size });
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
      await copyDisk({
        source: {
          store: source,
          manifestId: disk.manifestId as string,
          root: disk.root as Uint8Array,
          chunkKey: context.chunkKey(copy.accountId),
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
      });
    }
  } finally {
    await progress.stop();
  }
}

/** W3: manifests live, image available, copy succeeded, the next copy of the group admitted, in one transaction. */
async function succeed(copy: Copy, holder: CopyHolder, { db, clock, queue }: CopyContext): Promise<void> {
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    await queue.lock(trx, groupOf(copy));
    if (!(await moveCopy(trx, copy.id, { event: 'succeeded', holder }, now))) throw new CopyLostError();
    const sources = await readLiveDisks(trx, copy.sourceImageId);
    const destinations = await readDisks(trx, copy.destinationImageId);
    for (const { index, manifestId, root, digest, dataBytes } of sources) {
      if (copy.sourceRegion === copy.destinationRegion) {
        await shareManifest(trx, copy.destinationImageId, index, manifestId as string);
        continue;
      }
      const pending = destinations.find((disk) => disk.index === index)?.manifestId;
      const summary = { root: root as Uint8Array, digest: digest as Uint8Array, dataBytes: dataBytes as number };
      if (!pending || !(await makeManifestLive(trx, pending, summary, now))) throw new CopyLostError();
    }
    if (!(await moveImage(trx, copy.destinationImageId, 'completed', now))) throw new CopyLostError();
    await queue.admit(trx, groupOf(copy));
  });
}

/** The copy waits for another attempt and keeps its admission; what is durable stays tied to its pending manifests. */
export async function handBack(
  trx: Trx,
  copy: Copy,
  holder: CopyHolder | undefined,
  delaySeconds: number,
  { clock, queue }: Pick<CopyContext, 'clock' | 'queue'>,
): Promise<void> {
  const now = clock.now();
  const move = holder === undefined ? {} : { holder };
  if (!(await moveCopy(trx, copy.id, { event: 'handed-back', ...move }, now))) return;
  await moveImage(trx, copy.destinationImageId, 'copy-handed-back', now);
  await queue.resend(trx, copy.id, delaySeconds);
}

async function failOrRetry(
  copy: Copy,
  holder: CopyHolder,
  failure: FailureError,
  context: CopyContext,
  logger: Logger,
): Promise<void> {
  const { db, clock, queue, maxAttempts } = context;
  if (isRetryable(failure.code) && holder.attempt < maxAttempts) {
    const delaySeconds = retryDelay(holder.attempt);
    logger.warn({ error: failure, delaySeconds }, 'copy failed and is tried again');
    await inTransaction(db, (trx) => handBack(trx, copy, holder, delaySeconds, context));
    return;
  }
  logger.error({ error: failure }, 'copy failed');
  const { code, message } = isRetryable(failure.code) ? exhausted(failure, maxAttempts) : failure;
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    await queue.lock(trx, groupOf(copy));
    if (!(await moveCopy(trx, copy.id, { event: 'failed', holder, failure: { code, message } }, now))) return;
    await moveImage(trx, copy.destinationImageId, 'failed', now);
    const detached: string[] = [];
    for (const { index } of await readDisks(trx, copy.destinationImageId)) {
      const manifest = await detachManifest(trx, { image: copy.destinationImageId, index });
      if (manifest !== null) detached.push(manifest);
    }
    await condemnUnused(trx, detached, now);
    await queue.admit(trx, groupOf(copy));
  });
}

function exhausted(last: FailureError, attempts: number): FailureError {
  return new FailureError('attempts-exhausted', `given up after ${attempts} attempts: ${last.message}`, {
    cause: last,
  });
}
