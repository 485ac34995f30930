import { readDisks } from '../db/disks.ts';
import { DamageError, FailureError } from '../domain/failure.ts';
import type { Image } from '../domain/image.ts';
import { isRefusal, RefusalError } from '../domain/refusal.ts';
import { type ImageState, isReadable } from '../domain/states.ts';
import { record, recordRefusal } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import type { DiskAddress, DiskRange, DiskRuns } from './data-plane.ts';
import { type ContentState, findContent } from './find-content.ts';
import { findImage } from './find-image.ts';
import { openKey } from './image-data-keys.ts';
import { tellAccount } from './tell-account.ts';

export interface DiskContent {
  readonly size: number;
  readonly runs: DiskRuns;
}

/**
 * What there is of a disk to download. No event unless it is refused: whoever has it already, or asks for a part that is not
 * there, downloads nothing.
 */
export async function findDownload(
  context: AppContext,
  caller: Caller,
  id: string,
  index: number,
): Promise<ContentState & { readonly digest: string }> {
  return await recordRefusal(context, caller, downloadOf(id, { disk: index }), async () => {
    const { digest, ...state } = await findContent(context, caller, id, index);
    if (digest === null) throw notReadable(state.image, state.imageState);
    return { ...state, digest };
  });
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
  const deed = downloadOf(id, { disk: index, ...(range && { range }) });
  const { image, disk, size } = await recordRefusal(context, caller, deed, () =>
    find(context, caller, id, index, signal),
  );
  const { region } = image;
  await record(context, caller, { ...deed, resource: { type: 'image', id: image.id }, region });
  // Everybody reads a public image, and its owner could not keep up with what he is told of it.
  if (image.visibility !== 'public') {
    const told = { id: image.id, type: 'image.download', region } as const;
    await tellAccount(context.db, caller, image.accountId, told, context.clock.now());
  }
  const runs = context.dataPlane.read(disk, signal, range);
  return { size, runs: guarded(context, caller, { image: image.id, disk: index, runs, signal }) };
}

async function find(
  context: AppContext,
  caller: Caller,
  id: string,
  index: number,
  signal: AbortSignal,
): Promise<{ readonly image: Image; readonly disk: DiskAddress; readonly size: number }> {
  const image = await findImage(context, caller, id, 'image.download');
  if (!isReadable(image.state)) throw notReadable(image.id, image.state);
  const disk = (await readDisks(context.db, image.id)).find((row) => row.index === index);
  if (disk?.manifestId == null || disk.root === null)
    throw new RefusalError('disk.not-found', { image: image.id, disk: index });
  const { chunkAccountId: accountId, manifestId, root, size } = disk;
  const { region } = image;
  const dataKey = disk.dataKey && (await openKey(context, caller, { id: disk.dataKey.id, image: image.id }, signal));
  return { image, disk: { region, accountId, dataKey, manifestId, root, image: image.id, disk: index }, size };
}

function downloadOf(image: string, details: { readonly disk: number; readonly range?: DiskRange }) {
  return { action: 'image.download', resource: { type: 'image', id: image }, details } as const;
}

function notReadable(image: string, state: ImageState): RefusalError {
  return new RefusalError('image.not-readable', { image, state });
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
