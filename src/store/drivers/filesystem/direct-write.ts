/**
 * Writing past the page cache (O_DIRECT), which made packs 2 to 5 times as fast (docs/adr/0002-direct-io.md). The kernel
 * wants addresses, offsets and lengths aligned; callers have none of that, so bytes go through two aligned blocks: one is
 * filled while the other is written. That is all the memory a put takes, however big the blob.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { addressOf } from '../../../lib/libc.ts';

/** Enough for disks with sectors of up to 4 KiB, which are all there are. */
const alignment = 4096;
/** Smaller blocks write more slowly, larger ones no faster. */
const blockBytes = 1024 * 1024;

export interface WriteOptions {
  /** The file was opened with O_DIRECT. */
  readonly direct: boolean;
  /** Writes all of `block` at `offset`; the bytes may change once it resolves. */
  readonly write: (block: Uint8Array, offset: number) => Promise<void>;
}

/**
 * Writes `pieces` one after the other and returns how many bytes they had. With `direct` the last block is filled up with
 * zeros to an aligned length, so the file must then be cut to the size returned.
 */
export async function writeInBlocks(pieces: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<number> {
  let filling = newBlock(options.direct);
  let spare = newBlock(options.direct);
  let filled = 0;
  let written = 0;
  let inFlight = Promise.resolve();

  async function flush(length: number): Promise<void> {
    await inFlight;
    inFlight = options.write(filling.subarray(0, length), written);
    // Its rejection is seen at the next await; until then it must not count as unhandled.
    inFlight.catch(() => {});
    written += filled;
    [filling, spare] = [spare, filling];
    filled = 0;
  }

  try {
    for await (const piece of pieces) {
      for (let taken = 0; taken < piece.length; ) {
        const part = piece.subarray(taken, taken + blockBytes - filled);
        filling.set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled === blockBytes) await flush(blockBytes);
      }
    }
    if (filled > 0) {
      const padded = options.direct ? Math.ceil(filled / alignment) * alignment : filled;
      filling.fill(0, filled, padded);
      await flush(padded);
    }
    await inFlight;
    return written;
  } finally {
    // Nothing may be under way when the caller closes the file.
    await inFlight.catch(() => {});
  }
}

/** Writes all of `bytes` to `file` at `offset`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

/** Whether files beside `probe`, a path that is free, can be written past the page cache; some file systems refuse. */
export async function canWriteDirectly(probe: string): Promise<boolean> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DIRECT;
  let file: FileHandle | undefined;
  try {
    file = await open(probe, flags, 0o600);
    await writeFully(file, newBlock(true).subarray(0, alignment), 0);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EINVAL' || code === 'ENOTSUP') return false;
    throw error;
  } finally {
    await file?.close();
    await rm(probe, { force: true });
  }
}

function newBlock(aligned: boolean): Uint8Array {
  if (!aligned) return new Uint8Array(blockBytes);
  const room = new Uint8Array(blockBytes + alignment);
  const excess = Number(addressOf(room) % BigInt(alignment));
  return room.subarray(alignment - excess, alignment - excess + blockBytes);
}
