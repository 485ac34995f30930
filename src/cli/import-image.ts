import { retry } from '../lib/retry.ts';
import type { ApiImage, ApiNewImage } from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { SourceFile } from './source-file.ts';

export interface ImportOptions {
  readonly signal: AbortSignal;
  /** Bytes of all disks that have been dealt with, holes included. */
  readonly onProgress: (done: number) => void;
}

/**
 * Makes an image of the disks in `sources`, in the order of `image.disks`. When anything goes wrong, or the signal is
 * aborted, the half-made image is deleted again.
 */
export async function importImage(
  client: Client,
  image: ApiNewImage,
  sources: readonly SourceFile[],
  options: ImportOptions,
): Promise<ApiImage> {
  let made = await client.createImage(image);
  try {
    let before = 0;
    for (const [index, source] of sources.entries()) {
      options.signal.throwIfAborted();
      const reached = (offset: number) => options.onProgress(before + offset);
      made = await client.uploadDisk(made.id, index, source.size, watched(source, reached));
      before += source.size;
      options.onProgress(before);
    }
    return made;
  } catch (error) {
    throw afterCleaningUp(error, made, await removeHalfMade(client, made.id), options.signal);
  }
}

async function* watched(source: SourceFile, reached: (offset: number) => void) {
  for await (const run of source.read()) {
    yield run;
    reached(run.offset + run.bytes.length);
  }
}

/** Whether it is gone. The server may need a moment to see that the upload was broken off. */
async function removeHalfMade(client: Client, id: string): Promise<boolean> {
  try {
    await retry(() => client.deleteImage(id), {
      // Twelve seconds in all: it finishes what it was storing first.
      attempts: 8,
      firstDelay: 100,
      isRetryable: (error) => error instanceof ApiError && error.status === 409,
    });
    return true;
  } catch (error) {
    return error instanceof ApiError && error.status === 404;
  }
}

function afterCleaningUp(error: unknown, image: ApiImage, removed: boolean, signal: AbortSignal): CliError {
  const cause = signal.aborted ? signal.reason : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const { exitCode, advice } = cause instanceof CliError ? cause : { exitCode: exitCodes.failed, advice: undefined };
  return removed
    ? new CliError(`${message}; the half-made image was deleted`, { cause, exitCode, advice })
    : new CliError(`${message}; the half-made image ${image.id} could not be deleted`, {
        cause,
        exitCode,
        advice: `delete it once the server answers: mimeo image delete ${image.id}`,
      });
}
