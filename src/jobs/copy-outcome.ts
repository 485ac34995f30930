/**
 * How a copy ends, or is put back: each in one transaction under the lock of its group, and only while the holder has it.
 */
import type { AccountRegion } from '../db/account-regions.ts';
import { condemnUnused } from '../db/condemn.ts';
import { type CopyHolder, moveCopy } from '../db/copies.ts';
import { type Db, inTransaction, type Trx } from '../db/database.ts';
import { type DiskRow, readDisks, shareManifest } from '../db/disks.ts';
import { moveImage } from '../db/image-states.ts';
import { holdImage } from '../db/images.ts';
import { detachManifest, makeManifestLive } from '../db/manifests.ts';
import { endUpload, endUploadsOf } from '../db/uploads.ts';
import type { Copy } from '../domain/copy.ts';
import { FailureError, isRetryable } from '../domain/failure.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CopyContext } from './copy-context.ts';
import { type RekeyedDisk, wayOf } from './copy-way.ts';

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

function groupOf(copy: Copy): AccountRegion {
  return { accountId: copy.accountId, region: copy.destinationRegion };
}

/** The disks of an image that can be read; fails when it is not one any more. */
export async function readLiveDisks(db: Db | Trx, image: string): Promise<DiskRow[]> {
  const disks = await readDisks(db, image);
  if (disks.length === 0 || disks.some(({ manifestState }) => manifestState !== 'live')) {
    throw new FailureError('source-gone', `image ${image} is no longer there to be copied`);
  }
  return disks;
}

/**
 * W3: manifests live, image available, copy succeeded, the next copy of the group admitted, in one transaction. `rekeyed`: what
 * became of the disks that are stored under other keys, by index.
 */
export async function succeed(
  copy: Copy,
  holder: CopyHolder,
  rekeyed: ReadonlyMap<number, RekeyedDisk>,
  context: CopyContext,
): Promise<void> {
  const { db, clock, queue } = context;
  await inTransaction(db, async (trx) => {
    const now = clock.now();
    await holdImage(trx, copy.destinationImageId);
    await queue.lock(trx, groupOf(copy));
    if (!(await moveCopy(trx, copy.id, { event: 'succeeded', holder }, now))) throw new CopyLostError();
    const sources = await readLiveDisks(trx, copy.sourceImageId);
    const destinations = await readDisks(trx, copy.destinationImageId);
    for (const disk of sources) {
      const { index, manifestId, root, digest, dataBytes } = disk;
      if (wayOf(copy, disk) === 'share') {
        await shareManifest(trx, copy.destinationImageId, index, manifestId as string);
        continue;
      }
      const pending = destinations.find((each) => each.index === index)?.manifestId;
      const made = rekeyed.get(index);
      if (made !== undefined && !(await endUpload(trx, made.upload))) throw new CopyLostError();
      const same = { root: root as Uint8Array, digest: digest as Uint8Array, dataBytes: dataBytes as number };
      const summary = made?.summary ?? same;
      if (!pending || !(await makeManifestLive(trx, pending, summary, now))) throw new CopyLostError();
    }
    if (!(await moveImage(trx, copy.destinationImageId, 'completed', now))) throw new CopyLostError();
    await queue.admit(trx, groupOf(copy));
  });
  countEnd('succeeded', copy, context);
}

/** After the commit: what is rolled back, or taken from this holder, is not counted. */
function countEnd(outcome: 'succeeded' | 'failed', copy: Copy, { metrics, clock }: CopyContext): void {
  const now = clock.now();
  const scope = copy.sourceRegion === copy.destinationRegion ? 'region' : 'regions';
  metrics.ended(outcome, scope, Math.max(0, now - (copy.startedAt ?? now)) / 1000);
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
  await holdImage(trx, copy.destinationImageId);
  if (!(await moveCopy(trx, copy.id, { event: 'handed-back', ...move }, now))) return;
  await moveImage(trx, copy.destinationImageId, 'copy-handed-back', now);
  await queue.resend(trx, copy.id, delaySeconds);
}

export async function failOrRetry(
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
    context.metrics.retried(failure.code);
    return;
  }
  logger.error({ error: failure }, 'copy failed');
  const { code, message } = isRetryable(failure.code) ? exhausted(failure, maxAttempts) : failure;
  const ended = await inTransaction(db, async (trx) => {
    const now = clock.now();
    await holdImage(trx, copy.destinationImageId);
    await queue.lock(trx, groupOf(copy));
    if (!(await moveCopy(trx, copy.id, { event: 'failed', holder, failure: { code, message } }, now))) return false;
    await moveImage(trx, copy.destinationImageId, 'failed', now);
    const detached: string[] = [];
    for (const { index } of await readDisks(trx, copy.destinationImageId)) {
      const manifest = await detachManifest(trx, { image: copy.destinationImageId, index });
      if (manifest !== null) detached.push(manifest);
    }
    await endUploadsOf(trx, copy.destinationImageId);
    await condemnUnused(trx, detached, now);
    await queue.admit(trx, groupOf(copy));
    return true;
  });
  if (ended) countEnd('failed', copy, context);
}

function exhausted(last: FailureError, attempts: number): FailureError {
  return new FailureError('attempts-exhausted', `given up after ${attempts} attempts: ${last.message}`, {
    cause: last,
  });
}
