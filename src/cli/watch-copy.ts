import { setTimeout as sleep } from 'node:timers/promises';
import { isFinalCopyState } from '../domain/states.ts';
import { retry } from '../lib/retry.ts';
import type { ApiCopy } from './api.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import { UnreachableError } from './http.ts';
import type { OutputStream } from './io.ts';
import { describeProgress } from './render/copy.ts';
import { createProgress } from './render/progress.ts';

/** Milliseconds between two looks: short at first, as a copy within a region is done at once; then twice as long each time. */
const firstPollInterval = 20;
/** The server measures a copy's rate over seconds, so more looks than this would show nothing new. */
const pollInterval = 500;

/** Shows how far a copy is until it has ended, and returns it then. An interrupt ends the watching, not the copy. */
export async function watchCopy(
  client: Client,
  id: string,
  stderr: OutputStream,
  signal: AbortSignal,
): Promise<ApiCopy> {
  const progress = createProgress(stderr, `copy ${id}`);
  try {
    for (let interval = firstPollInterval; ; interval = Math.min(pollInterval, interval * 2)) {
      // A server that is being restarted is back within seconds, and the copy goes on by itself.
      const copy = await retry(() => client.getCopy(id), {
        attempts: 6,
        firstDelay: 500,
        isRetryable: (error) => error instanceof UnreachableError,
        signal,
      });
      if (isFinalCopyState(copy.state)) return copy;
      progress.update(copy.percent, describeProgress(copy));
      await sleep(interval, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError(`stopped watching copy ${id}, which goes on`, {
      exitCode: exitCodes.interrupted,
      advice: `watch it again with: mimeo copy watch ${id}; cancel it with: mimeo copy cancel ${id}`,
    });
  } finally {
    progress.stop();
  }
}

/** The error that a copy which did not succeed is for whoever waited for it. */
export function unsuccessful(copy: ApiCopy): CliError | undefined {
  if (copy.state === 'succeeded') return undefined;
  const { failure } = copy;
  const why = failure === null ? copy.state : `${copy.state}: ${failure.message}`;
  const advice = failure === null ? undefined : `see all of it with: mimeo copy show ${copy.id}`;
  const exitCode = failure?.code === 'image-damaged' ? exitCodes.damaged : exitCodes.failed;
  return new CliError(`copy ${copy.id} ${why}`, { exitCode, advice });
}
