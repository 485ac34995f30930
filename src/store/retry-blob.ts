import { retry } from '../lib/retry.ts';
import { BlobError } from './blob-store.ts';

/** Calls a blob store again while it says that this may help, three times in all. */
export function retryBlob<Result>(call: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  return retry(call, {
    attempts: 3,
    firstDelay: 100,
    isRetryable: (error) => error instanceof BlobError && error.kind === 'retryable',
    signal,
  });
}
