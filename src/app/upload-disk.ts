/** A disk's bytes come in with one request or several; `store-disk.ts` says what becomes of them when one is cut off. */
import { findRequester } from '../db/requester.ts';
import { may } from '../domain/authorization.ts';
import { FailureError } from '../domain/failure.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import type { DiskRuns } from './data-plane.ts';
import { findImage, lockImage } from './find-image.ts';
import { type BegunUpload, beginDisk, type DiskContent, storeDisk } from './store-disk.ts';
import { refuseWhileImported } from './unchanged-image.ts';

export interface UploadDiskCommand extends DiskContent {
  /** Any of the image's three ids. */
  readonly image: string;
  readonly runs: DiskRuns;
  /** Cuts the request off. */
  readonly signal: AbortSignal;
}

/** Stores what the request brings and returns the image, which is `available` once this was the end of its last disk. */
export async function uploadDisk(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<Image> {
  const begun = await begin(context, caller, command);
  const { id, region, accountId, projectId } = begun.image;
  try {
    await storeDisk(context, begun, {
      ...command,
      // An upload may take hours: whether the caller may still bring it is asked again, about him as he stands now.
      async onComplete(trx) {
        const uploader = await findRequester(trx, caller.accountId, caller.userId, context.clock.now());
        if (uploader === undefined || may(uploader, 'image.upload', { accountId, projectId }) !== 'yes') {
          throw new RefusalError('forbidden', { action: 'image.upload' });
        }
      },
    });
  } catch (error) {
    if (error instanceof FailureError && error.code === 'destination-full') {
      throw new RefusalError('store.full', { region }, { cause: error });
    }
    throw error;
  }
  return await findImage(context, caller, id);
}

async function begin(context: AppContext, caller: Caller, command: UploadDiskCommand): Promise<BegunUpload> {
  const details = { disk: command.disk, from: command.from ?? 0 };
  const deed = { action: 'image.upload', resource: { type: 'image', id: command.image }, details } as const;
  return await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, command.image, 'image.upload');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    await refuseWhileImported(trx, image);
    return await beginDisk(context, trx, image, command, { user: caller, signal: command.signal });
  });
}
