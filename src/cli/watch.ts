/** Following what goes on at the server until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CopyState, isFinalCopyState } from '../domain/states.ts';
import { retry } from '../lib/retry.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { UnreachableError } from './http.ts';
import type { OutputStream } from './io.ts';
import { createProgressLines } from './render/progress.ts';

interface Work {
  readonly state: CopyState;
  readonly percent: number;
}

/** How a kind of work is looked at, and what is said of it. */
export interface Watching<Thing extends Work> {
  look(id: string): Promise<Thing>;
  label(thing: Thing): string;
  detail(thing: Thing): string;
  /** That some have not ended when the watching does, and how to go on from there. */
  left(ids: readonly string[]): { readonly message: string; readonly advice: string };
}

/** Milliseconds between two looks: short at first, as some of it is done at once; then twice as long each time. */
const firstPollInterval = 20;
/** The server measures rates over seconds, so more looks than this would show nothing new. */
const pollInterval = 500;

/**
 * Shows how far all of these are until they have ended, and returns them then. An interrupt ends the watching, not the work.
 * `ids` has one at least.
 */
export async function watch<Thing extends Work>(
  { look, label, detail, left }: Watching<Thing>,
  ids: readonly string[],
  stderr: OutputStream,
  signal: AbortSignal,
): Promise<Thing[]> {
  const progress = createProgressLines(stderr);
  const ended = new Map<string, Thing>();
  try {
    for (let interval = firstPollInterval; ; interval = Math.min(pollInterval, interval * 2)) {
      for (const id of ids.filter((each) => !ended.has(each))) {
        const thing = await patiently(() => look(id), signal);
        if (isFinalCopyState(thing.state)) ended.set(id, thing);
        // One that has ended at the first look needs no line: its result follows.
        if (!isFinalCopyState(thing.state) || progress.has(id)) {
          progress.update(id, label(thing), thing.percent, detail(thing));
        }
      }
      if (ended.size === new Set(ids).size) return ids.map((id) => ended.get(id) as Thing);
      await sleep(interval, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const { message, advice } = left(ids.filter((id) => !ended.has(id)));
    throw new CliError(message, { exitCode: exitCodes.interrupted, advice });
  } finally {
    progress.stop();
  }
}

/** A server that is being restarted is back within seconds, and the work goes on by itself. */
function patiently<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return retry(ask, {
    attempts: 6,
    firstDelay: 500,
    isRetryable: (error) => error instanceof UnreachableError,
    signal,
  });
}
