import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubled before each further one. */
  readonly firstDelay: number;
  /** Whether this error may go away by itself. */
  readonly isRetryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Calls `work` until it succeeds, fails for good, or has been tried `attempts` times; throws its last error. */
export async function retry<Result>(work: () => Promise<Result>, options: RetryOptions): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (attempt >= options.attempts || !options.isRetryable(error)) throw error;
      // An abort ends the pause, and the next round throws the signal's own reason.
      await sleep(options.firstDelay * 2 ** (attempt - 1), undefined, { signal: options.signal }).catch(() => {});
    }
  }
}
