import { readDisks } from '../db/disks.ts';
import { DamageError, FailureError } from '../domain/failure.ts';
import { isRefusal, RefusalError } from '../domain/refusal.ts';
import { isReadable } from '../domain/states.ts';
import { record } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import type { DiskRange, DiskRuns } from './data-plane.ts';
import { findImage } from './find-image.ts';
import { tellAccount } from './tell-account.ts';

export interface DiskContent {
  readonly size: number;
  readonly runs: DiskRuns;
}

/** A disk's bytes, or those of a range, for an export. Nothing is read before the first run is asked for. */
export async function readDisk(
  context: AppContext,
  caller: Caller,
  id: string,
  index: number,
  signal: AbortSignal,
  range?: DiskRange,
): Promise<DiskContent> {
  const image = await findImage(context, caller, id, 'image.download');
  if (!isReadable(image.state)) throw new RefusalError('image.not-readable', { image: image.id, state: image.state });
  const disk = (await readDisks(context.db, image.id)).find((row) => row.index === index);
  if (disk?.manifestId == null || disk.root === null)
    throw new RefusalError('disk.not-found', { image: image.id, disk: index });
  const { region } = image;
  const { clock, db } = context;
  const details = { disk: index, ...(range && { range }) };
  const resource = { type: 'image', id: image.id };
  await record(context, caller, { action: 'image.download', resource, region, details });
  await tellAccount(db, caller, image.accountId, { id: image.id, type: 'image.download', region }, clock.now());
  const accountId = disk.chunkAccountId;
  const address = { region, accountId, manifestId: disk.manifestId, root: disk.root, image: image.id, disk: index };
  const runs = context.dataPlane.read(address, signal, range);
  return { size: disk.size, runs: guarded(context, caller, { image: image.id, disk: index, runs, signal }) };
}

interface Reading {
  readonly image: string;
  readonly disk: number;
  readonly runs: DiskRuns;
  readonly signal: AbortSignal;
}

/**
 * Writes the reason into the log when a disk could not be read to its end: by then the answer has begun. An image that was
 * deleted under the reader loses its chunks; that is not damage, and is not called so.
 */
async function* guarded(context: AppContext, caller: Caller, { image, disk, runs, signal }: Reading): DiskRuns {
  try {
    yield* runs;
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof DamageError && (await isGone(context, caller, image))) {
      throw new FailureError('source-gone', `image ${image} was deleted while it was read`, { cause: error });
    }
    context.logger.error({ error, image, disk }, 'a disk could not be read to its end');
    throw error;
  }
}

async function isGone(context: AppContext, caller: Caller, image: string): Promise<boolean> {
  return await findImage(context, caller, image).then(
    () => false,
    (error: unknown) => isRefusal(error, 'image.not-found'),
  );
}
