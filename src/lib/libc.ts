/**
 * The C library's calls that Node has none for, through koffi, which this file alone imports. Linux and macOS, 64 bit.
 * koffi is loaded at the first call, so that a command that needs none of them does not pay for it.
 */
import { createRequire } from 'node:module';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

interface Libc {
  address(bytes: Uint8Array): bigint;
  errno(): number;
  flock(fd: number, operation: number): number;
  lseek(fd: number, offset: number, whence: number): number | bigint;
}

/** The two systems number these the other way round. */
const [SEEK_DATA, SEEK_HOLE] = process.platform === 'darwin' ? [4, 3] : [3, 4];
const LOCK_EX = 2;
const LOCK_NB = 4;

let loaded: Libc | undefined;

function libc(): Libc {
  if (!loaded) {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const node = koffi.load(null);
    loaded = {
      address: koffi.address,
      errno: koffi.errno,
      flock: node.func('int flock(int fd, int operation)'),
      lseek: node.func('int64_t lseek(int fd, int64_t offset, int whence)'),
    };
  }
  return loaded;
}

function failure(syscall: string): NodeJS.ErrnoException {
  const errno = -libc().errno();
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: ${getSystemErrorMessage(errno)}, ${syscall}`), { errno, code, syscall });
}

/** Where the first byte lies in memory; it stays there as long as the buffer lives and is not transferred. */
export function addressOf(bytes: Uint8Array): bigint {
  return libc().address(bytes);
}

/** Takes the exclusive advisory lock of the open file behind `fd`; false if another open file holds it. Never waits. */
export function flock(fd: number): boolean {
  if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  const error = failure('flock');
  if (error.code === 'EAGAIN') return false;
  throw error;
}

/** The offset of the first byte of data at or after `from`; undefined if only a hole, or nothing, follows. */
export function seekData(fd: number, from: number): number | undefined {
  return seek(fd, from, SEEK_DATA);
}

/** The offset of the first hole at or after `from` (the file's end counts as one); undefined from the end on. */
export function seekHole(fd: number, from: number): number | undefined {
  return seek(fd, from, SEEK_HOLE);
}

/** Moves the descriptor's own offset, which positioned reads and writes do not use. */
function seek(fd: number, from: number, whence: number): number | undefined {
  const offset = Number(libc().lseek(fd, from, whence));
  if (offset >= 0) return offset;
  const error = failure('lseek');
  if (error.code === 'ENXIO') return undefined;
  throw error;
}
