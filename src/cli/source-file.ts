import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Run } from '../lib/extent-stream.ts';
import { mapOrdered } from '../lib/map-ordered.ts';
import { dataExtents, type Extent } from '../lib/sparse-file.ts';
import { CliError, systemCode } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** A disk's file on the way in: opened once, so that what was checked is what is read. */
export interface SourceFile {
  readonly path: string;
  readonly size: number;
  /**
   * Its data without its holes, from an offset on. A run's bytes are good until the next one is asked for. Throws if the file turns out
   * to have changed since it was opened: what was read may then be of no moment at which the disk ever was.
   */
  read(from?: number): AsyncGenerator<Run, void, undefined>;
  close(): Promise<void>;
}

/** Bytes a read: from 1 MiB on the calls themselves no longer show. */
const blockSize = 1024 * 1024;
/** One block is being sent while the next is read. */
const blocksAtOnce = 2;

export async function openSourceFile(path: string): Promise<SourceFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  try {
    const opened = await handle.stat({ bigint: true });
    if (!opened.isFile()) throw unusable(`${path} is not a regular file`);
    if (opened.size === 0n) throw unusable(`${path} is empty`);
    return {
      path,
      size: Number(opened.size),
      read: (from = 0) => readRuns(path, handle, opened, from),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* readRuns(
  path: string,
  handle: FileHandle,
  opened: BigIntStats,
  from: number,
): AsyncGenerator<Run, void, undefined> {
  const buffers = Array.from({ length: blocksAtOnce }, () => Buffer.allocUnsafe(blockSize));
  let turn = 0;
  // mapOrdered begins a read only when the run that is `blocksAtOnce` before it has been done with.
  yield* mapOrdered(blocks(handle, Number(opened.size), from), blocksAtOnce, async ({ offset, length }) => {
    const bytes = (buffers[turn++ % blocksAtOnce] as Buffer).subarray(0, length);
    await readFully(path, handle, bytes, offset);
    return { offset, bytes };
  });
  await checkUnchanged(path, handle, opened);
}

function* blocks(handle: FileHandle, size: number, from: number): Generator<Extent, void, undefined> {
  for (const extent of dataExtents(handle, size)) {
    const end = extent.offset + extent.length;
    for (let offset = Math.max(extent.offset, from); offset < end; offset += blockSize) {
      yield { offset, length: Math.min(blockSize, end - offset) };
    }
  }
}

async function readFully(path: string, handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle
      .read(bytes, filled, bytes.length - filled, offset + filled)
      .catch((error: unknown) => {
        throw cannotRead(path, error);
      });
    if (bytesRead === 0) throw changed(path, 'it became shorter');
    filled += bytesRead;
  }
}

async function checkUnchanged(path: string, handle: FileHandle, opened: BigIntStats): Promise<void> {
  const now = await handle.stat({ bigint: true });
  if (now.size !== opened.size) throw changed(path, `it had ${opened.size} bytes and now has ${now.size}`);
  if (now.mtimeNs !== opened.mtimeNs) throw changed(path, 'it was written to');
  const named = await stat(path, { bigint: true }).catch(() => undefined);
  if (named === undefined) throw changed(path, 'it was removed');
  if (named.ino !== opened.ino || named.dev !== opened.dev) throw changed(path, 'another file took its place');
}

function changed(path: string, how: string): CliError {
  return new CliError(`${path} changed while it was read: ${how}`, {
    advice: 'import it once nothing writes to it any more (shut the machine down, or import a snapshot)',
  });
}

function unusable(message: string): CliError {
  return new CliError(message, { advice: 'name the file that holds the disk' });
}

function cannotRead(path: string, error: unknown): CliError {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CliError(`there is no file ${path}`, { cause: error, exitCode: exitCodes.notFound });
  }
  return new CliError(`${path} can't be read: ${(error as Error).message}`, { cause: error });
}
