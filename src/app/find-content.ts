import { readDisks } from '../db/disks.ts';
import { findUpload } from '../db/uploads.ts';
import { RefusalError } from '../domain/refusal.ts';
import { type ImageState, isReadable } from '../domain/states.ts';
import { toHex } from '../lib/hex.ts';
import type { AppContext, Caller } from './context.ts';
import { findImage } from './find-image.ts';

export interface ContentState {
  /** The image's id, whichever it was asked for by. */
  readonly image: string;
  readonly imageState: ImageState;
  readonly disk: number;
  readonly size: number;
  /** The disk digest, hexadecimal; null until the disk can be read, which takes all disks of its image. */
  readonly digest: string | null;
  readonly upload: {
    /** Bytes from the disk's beginning that are stored for good: where an upload goes on. */
    readonly offset: number;
    readonly isComplete: boolean;
    /** A request that does not bring the disk's end brings so many bytes at least, or they are not kept. */
    readonly granularity: number;
    /** Epoch milliseconds; null where there is nothing that would be given up. */
    readonly keepUntil: number | null;
  };
}

/** Whether a disk has its bytes, and if not, how far its upload is. */
export async function findContent(
  context: AppContext,
  caller: Caller,
  id: string,
  index: number,
): Promise<ContentState> {
  const { db, dataPlane } = context;
  const image = await findImage(context, caller, id, 'image.download');
  const disk = (await readDisks(db, image.id)).find((row) => row.index === index);
  if (disk === undefined) throw new RefusalError('disk.not-found', { image: image.id, disk: index });
  const { size } = disk;
  const state = { image: image.id, imageState: image.state, disk: index, size, digest: null };
  const { segment } = dataPlane.cut;
  if (disk.manifestState === 'live' && disk.digest !== null) {
    const upload = { offset: size, isComplete: true, granularity: segment, keepUntil: null };
    return { ...state, digest: isReadable(image.state) ? toHex(disk.digest) : null, upload };
  }
  if (image.sourceImageId !== null || image.state === 'failed') {
    throw new RefusalError('image.not-readable', { image: image.id, state: image.state });
  }
  const found = await findUpload(db, image.id);
  const begun = found?.index === index ? found : undefined;
  const upload = {
    offset: begun?.offset ?? 0,
    isComplete: false,
    granularity: begun?.cut.segment ?? segment,
    keepUntil: begun?.keepUntil ?? null,
  };
  return { ...state, upload };
}
