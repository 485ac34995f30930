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
import { createProgressLines } from './render/progress.ts';

/** Milliseconds between two looks: short at first, as a copy within a region is done at once; then twice as long each time. */
const firstPollInterval = 20;
/** The server measures a copy's rate over seconds, so more looks than this would show nothing new. */
const pollInterval = 500;

/**
 * Shows how far copies are until all have ended, and returns them then. An interrupt ends the watching, not the copies.
 * `ids` has one at least.
 */
export async function watchCopies(
  client: Client,
  ids: readonly string[],
  stderr: OutputStream,
  signal: AbortSignal,
): Promise<ApiCopy[]> {
  const progress = createProgressLines(stderr);
  const ended = new Map<string, ApiCopy>();
  try {
    for (let interval = firstPollInterval; ; interval = Math.min(pollInterval, interval * 2)) {
      for (const id of ids.filter((each) => !ended.has(each))) {
        const copy = await look(client, id, signal);
        if (isFinalCopyState(copy.state)) ended.set(id, copy);
        // One that has ended at the first look needs no line: its result follows.
        if (!isFinalCopyState(copy.state) || progress.has(id)) {
          progress.update(
            id,
            `copy ${id.slice(0, 8)} to ${copy.destinationRegion}`,
            copy.percent,
            describeProgress(copy),
          );
        }
      }
      if (ended.size === new Set(ids).size) return ids.map((id) => ended.get(id) as ApiCopy);
      await sleep(interval, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const running = ids.filter((id) => !ended.has(id)).join(' ');
    const [what, go] = ids.length - ended.size === 1 ? ['copy', 'goes'] : ['copies', 'go'];
    throw new CliError(`stopped watching ${what} ${running}, which ${go} on`, {
      exitCode: exitCodes.interrupted,
      advice: `watch on with: mimeo copy watch ${running}; cancel with: mimeo copy cancel ${running}`,
    });
  } finally {
    progress.stop();
  }
}

/** A server that is being restarted is back within seconds, and the copy goes on by itself. */
function look(client: Client, id: string, signal: AbortSignal): Promise<ApiCopy> {
  return retry(() => client.getCopy(id), {
    attempts: 6,
    firstDelay: 500,
    isRetryable: (error) => error instanceof UnreachableError,
    signal,
  });
}

/** The error that copies are for whoever waited for them, when one of them did not succeed. */
export function unsuccessful(copies: readonly ApiCopy[]): CliError | undefined {
  const others = copies.filter(({ state }) => state !== 'succeeded');
  const [first] = others;
  if (first === undefined) return undefined;
  const exitCode = others.some(({ failure }) => failure?.code === 'image-damaged')
    ? exitCodes.damaged
    : exitCodes.failed;
  const { id, state, failure } = first;
  const message =
    copies.length === 1
      ? `copy ${id} ${failure === null ? state : `${state}: ${failure.message}`}`
      : `${others.length} of ${copies.length} copies did not succeed`;
  const advice =
    failure === null
      ? `try it again with: mimeo copy retry ${id}`
      : `see all of it with: mimeo copy show ${id}; try it again with: mimeo copy retry ${id}`;
  return new CliError(message, { exitCode, advice });
}
