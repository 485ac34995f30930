import { closeSync, constants, fchmodSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { flock } from './libc.ts';

/** The right to be the only one; lost when the process that holds it dies, however it dies. */
export interface FileLock {
  /** Give it to a child as one of its `stdio`, and the lock is held until that child too is gone. */
  readonly fd: number;
  /** Replaces what the file says; for people and messages, the lock itself does not depend on it. */
  write(text: string): void;
  release(): void;
}

/**
 * Takes the lock that the file at `path` stands for, and makes the file if need be; undefined if somebody has it.
 * It is an flock, which the kernel ties to the open file: Node opens with O_CLOEXEC, so children don't inherit it.
 * Nobody may remove the file: whoever has it open would hold the lock of a file that the next one does not see.
 */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  // Not a FileHandle: Node closes one that nobody refers to any more, and the lock would go with it.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  let open = true;
  const release = () => {
    if (open) closeSync(fd);
    open = false;
  };
  try {
    if (!flock(fd)) {
      release();
      return undefined;
    }
    fchmodSync(fd, 0o600);
  } catch (error) {
    release();
    throw error;
  }
  return {
    fd,
    write(text) {
      ftruncateSync(fd);
      writeSync(fd, text, 0);
    },
    release,
  };
}
