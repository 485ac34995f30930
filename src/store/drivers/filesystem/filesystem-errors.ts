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
 * `work`, with what the system answers translated into the words of the store. What is not in the table (EACCES, EPERM,
 * EROFS, ELOOP, EXDEV …) is `denied`: it stays until somebody changes something.
 */
export async function translated<Result>(key: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BlobError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new BlobError(kinds[code] ?? 'denied', key, { cause: error });
  }
}

/** Whether `error` came from the system with this code, translated or not. */
export function hasCode(error: unknown, code: string): boolean {
  const cause = error instanceof BlobError ? error.cause : error;
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === code;
}
