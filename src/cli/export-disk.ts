import { ExtentStreamError, type Run } from '../lib/extent-stream.ts';
import type { ApiDisk, ApiImage } from './api.ts';
import { damageCode } from './api-error.ts';
import { CliError, systemCode } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import { defaultRetries, goOn } from './go-on.ts';
import { UnreachableError } from './http.ts';
import { createPartialFile } from './partial-file.ts';

export interface ExportOptions {
  /** Replaces a file that is there already. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  /** Bytes of the disk that have been dealt with, holes included. */
  readonly onProgress: (done: number) => void;
  readonly retries?: number;
}

/** Pieces that arrive one after the other, written with one call. */
interface Batch {
  readonly offset: number;
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
}

/** Bytes a write: pieces come in the 64 KiB that a socket gives, and a call for each would be what costs. */
const batchSize = 1024 * 1024;

/** Writes a disk to `path`, holes as holes, and goes on when the connection breaks off. The file is whole or not there. */
export async function exportDisk(
  client: Client,
  image: ApiImage,
  disk: ApiDisk,
  path: string,
  options: ExportOptions,
): Promise<void> {
  const file = await createPartialFile(path, options);
  let reached = 0;
  const receive = async () => {
    const { size, runs } = await client.downloadDisk(image.id, disk.index, reached);
    await file.resize(size);
    // One write at a time, while the next batch comes in: two at once would only spin on the file's lock.
    let writing = Promise.resolve();
    for await (const { offset, pieces, length } of inBatches(runs)) {
      await writing;
      options.onProgress(reached);
      writing = file.write(pieces, offset).then(() => {
        reached = offset + length;
      });
      // Seen when it is awaited; until then it must not count as unhandled.
      writing.catch(() => {});
    }
    await writing;
  };
  try {
    const { signal, retries = defaultRetries } = options;
    await goOn(receive, { retries, reached: () => reached, signal });
    signal.throwIfAborted();
    await file.complete();
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw inWords(error, client.url, { image, disk, reached, path });
  } finally {
    await file.discard();
  }
}

async function* inBatches(runs: AsyncIterable<Run>): AsyncGenerator<Batch, void, undefined> {
  let pieces: Uint8Array[] = [];
  let offset = 0;
  let length = 0;
  for await (const run of runs) {
    if (length > 0 && (run.offset !== offset + length || length >= batchSize)) {
      yield { offset, pieces, length };
      pieces = [];
      length = 0;
    }
    if (length === 0) offset = run.offset;
    pieces.push(run.bytes);
    length += run.bytes.length;
  }
  if (length > 0) yield { offset, pieces, length };
}

interface Place {
  readonly image: ApiImage;
  readonly disk: ApiDisk;
  /** Everything before it had been written. */
  readonly reached: number;
  readonly path: string;
}

function inWords(error: unknown, server: URL, { image, disk, reached, path }: Place): unknown {
  const where = `image ${image.name} (${image.id}), disk ${disk.index}`;
  if (error instanceof ExtentStreamError) {
    const { problem } = error;
    if (problem?.['code'] === damageCode) {
      const { offset } = problem;
      const at = typeof offset === 'number' ? `at offset ${offset}` : `after offset ${reached}`;
      return new CliError(`${where} is damaged ${at}, so ${path} was not written: ${error.message}`, {
        cause: error,
        exitCode: exitCodes.damaged,
        advice: `see all damage with: mimeo store verify ${image.id}; a copy of the image in another region may be whole`,
      });
    }
    return new CliError(`${where} broke off after offset ${reached}, so ${path} was not written: ${error.message}`, {
      cause: error,
      exitCode: error.reason === 'incomplete' ? exitCodes.unreachable : exitCodes.failed,
      advice: "try again; if it happens again, look into the server's log",
    });
  }
  // What a socket throws has a code of the system's; anything else is no fault of the connection.
  return error instanceof CliError || systemCode(error) === undefined ? error : new UnreachableError(server, error);
}
