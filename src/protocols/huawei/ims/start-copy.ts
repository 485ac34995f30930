import type { AppContext, Caller } from '../../../app/context.ts';
import { type CopyImagesCommand, copyImages } from '../../../app/copy-images.ts';
import type { Copy } from '../../../domain/copy.ts';
import { isRefusal } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Answer } from '../operation.ts';
import { acceptedJob } from './accepted-job.ts';
import { copyFaults } from './copy-faults.ts';

/** Accepts the copy of one image that has been found (`findVisibleImage`) to one region; answers with its job. */
export async function startCopy(context: AppContext, caller: Caller, command: CopyImagesCommand): Promise<Answer> {
  try {
    const { copies } = await copyImages(context, caller, command);
    return acceptedJob((copies[0] as Copy).id);
  } catch (error) {
    // The account sees it and has not accepted it: whoever is still asked may look at an image, and no more.
    if (isRefusal(error, 'image.not-found')) throw new FaultError(copyFaults.notAccepted, '', { cause: error });
    throw error;
  }
}
