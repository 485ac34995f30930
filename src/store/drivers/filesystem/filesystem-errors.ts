import { BlobError, type BlobErrorKind } from '../../blob-store.ts';

const kinds: Readonly<Record<string, BlobErrorKind>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EIO: 'retryable',
  EMFILE: 'retryable',
  ENFILE: 'retryable',
  ENOMEM: 'retryable',
  EAGAIN: 'retryable',
  EBUSY: 'retryable',
  EINTR: 'retryable',
  ESTALE: 'retryable',
  ETIMEDOUT: 'retryable',
};

/**
 * What the system said, in the words of the store. What is not in the table (EACCES, EPERM, EROFS, ELOOP, EXDEV …) is
 * `denied`: it stays so until somebody changes something.
 */
export function toBlobError(key: string, error: unknown): BlobError {
  if (error instanceof BlobError) return error;
  return new BlobError(kinds[(error as NodeJS.ErrnoException).code ?? ''] ?? 'denied', key, { cause: error });
}

/** `work`, which throws nothing but what `toBlobError` makes. */
export async function translated<Result>(key: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw toBlobError(key, error);
  }
}

/** `work`, or undefined when it says `not-found`. */
export async function ifPresent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BlobError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

/** Whether the system's error has this code, be it translated or not. */
export function hasCode(error: unknown, code: string): boolean {
  const said = error instanceof BlobError ? error.cause : error;
  return said instanceof Error && (said as NodeJS.ErrnoException).code === code;
}
