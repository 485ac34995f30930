import { setTimeout as sleep } from 'node:timers/promises';
import { ExtentStreamError } from '../lib/extent-stream.ts';
import { ApiError } from './api-error.ts';
import { CliError, systemCode } from './cli-error.ts';
import { UnreachableError } from './http.ts';

/**
 * Times in a row that a transfer is taken up without getting any further: about a minute in all, after which also a server
 * that has not noticed that the connection is gone has given up waiting for it.
 */
export const defaultRetries = 8;
const longestPause = 15_000;

/** The server has not noticed yet that the connection before is gone, or was still storing what had come over it. */
const unsettled: ReadonlySet<string> = new Set(['disk.upload-in-progress', 'upload.wrong-offset']);

export interface GoOnOptions {
  readonly retries: number;
  /** How far the transfer is; the count of retries begins anew when it got further. */
  readonly reached: () => number;
  readonly signal: AbortSignal;
}

/** Runs `transfer`, and again when it was cut off; it has to know by itself where to go on. */
export async function goOn<Result>(transfer: () => Promise<Result>, options: GoOnOptions): Promise<Result> {
  const { retries, reached, signal } = options;
  for (let failures = 0; ; ) {
    const before = reached();
    try {
      return await transfer();
    } catch (error) {
      signal.throwIfAborted();
      failures = reached() > before ? 1 : failures + 1;
      if (failures > retries || !isCutOff(error)) throw error;
      const pause = Math.min(250 * 2 ** failures, longestPause);
      // An abort ends the pause, and the next round throws the signal's own reason.
      await sleep(pause, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}

/** True when the same may succeed later, because the connection, or something behind the server, was gone for the moment. */
export function isCutOff(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (error instanceof ApiError) return error.status === 503 || unsettled.has(error.problem.code);
  if (error instanceof ExtentStreamError) return error.reason === 'incomplete';
  // What a socket throws has a code of the system's; what a file throws has been put into words.
  return !(error instanceof CliError) && systemCode(error) !== undefined;
}
