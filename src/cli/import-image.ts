import { retry } from '../lib/retry.ts';
import type { ApiImage, ApiNewImage } from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import { defaultRetries, goOn, isCutOff } from './go-on.ts';
import type { SourceFile } from './source-file.ts';

export interface ImportOptions {
  readonly signal: AbortSignal;
  /** Bytes of all disks that have been dealt with, holes included. */
  readonly onProgress: (done: number) => void;
  readonly retries?: number;
  /** Leaves what was sent on the server when the signal is aborted. */
  readonly keep?: boolean;
}

/**
 * Makes an image of the disks in `sources`, in the order of `image.disks`. A transfer that is cut off is gone on with. When
 * the connection does not come back, or the image's key is disabled, the half-made image stays, to be resumed; when anything else
 * goes wrong, or the signal is aborted, it is deleted again.
 */
export async function importImage(
  client: Client,
  image: ApiNewImage,
  sources: readonly SourceFile[],
  options: ImportOptions,
): Promise<ApiImage> {
  const made = await client.createImage(image);
  try {
    return await sendDisks(client, made, sources, options);
  } catch (error) {
    const { signal, keep = false } = options;
    if (signal.aborted ? keep : isKept(error)) throw resumable(error, made, sources);
    throw afterCleaningUp(error, made, await removeHalfMade(client, made.id), signal);
  }
}

/** Goes on with an import that was cut off: sends what the server lacks of the disks in `sources`. The image stays in any case. */
export async function resumeImport(
  client: Client,
  image: ApiImage,
  sources: readonly SourceFile[],
  options: ImportOptions,
): Promise<ApiImage> {
  try {
    return await sendDisks(client, image, sources, options);
  } catch (error) {
    if (options.signal.aborted || isKept(error)) throw resumable(error, image, sources);
    throw error;
  }
}

async function sendDisks(
  client: Client,
  image: ApiImage,
  sources: readonly SourceFile[],
  { signal, onProgress, retries = defaultRetries }: ImportOptions,
): Promise<ApiImage> {
  let sent = image;
  let before = 0;
  for (const [disk, source] of sources.entries()) {
    let stored = 0;
    const sendRest = async () => {
      const { offset: from, isComplete } = await client.findUpload(image.id, disk);
      stored = from;
      if (isComplete) return await client.getImage(image.id);
      const reached = (offset: number) => onProgress(before + offset);
      return await client.uploadDisk(image.id, disk, { size: source.size, from, runs: watched(source, from, reached) });
    };
    sent = await goOn(sendRest, { retries, reached: () => stored, signal });
    before += source.size;
    onProgress(before);
  }
  return sent;
}

async function* watched(source: SourceFile, from: number, reached: (offset: number) => void) {
  for await (const run of source.read(from)) {
    yield run;
    reached(run.offset + run.bytes.length);
  }
}

/** Whether the same can go on later: nothing is wrong with the image. */
function isKept(error: unknown): boolean {
  return isCutOff(error) || (error instanceof ApiError && error.problem.code === 'key.disabled');
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

function resumable(error: unknown, image: ApiImage, sources: readonly SourceFile[]): CliError {
  const message = error instanceof Error ? error.message : String(error);
  const [first, ...others] = sources.map(({ path }) => path);
  const dataDisks = others.map((path) => ` --data-disk ${path}`).join('');
  return new CliError(`${message}; what was sent of image ${image.id} is kept for a while`, {
    cause: error,
    exitCode: error instanceof CliError ? error.exitCode : exitCodes.failed,
    advice: `go on with: mimeo image import ${first}${dataDisks} --resume ${image.id}`,
  });
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
