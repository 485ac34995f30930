import type { ApiCopy } from './api.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { OutputStream } from './io.ts';
import { describeProgress } from './render/copy.ts';
import { watch } from './watch.ts';

/** Shows how far copies are until all have ended, and returns them then. */
export function watchCopies(
  client: Client,
  ids: readonly string[],
  stderr: OutputStream,
  signal: AbortSignal,
): Promise<ApiCopy[]> {
  const watching = {
    look: client.getCopy,
    label: ({ id, destinationRegion }: ApiCopy) => `copy ${id.slice(0, 8)} to ${destinationRegion}`,
    detail: describeProgress,
    left(running: readonly string[]) {
      const named = running.join(' ');
      const [what, go] = running.length === 1 ? ['copy', 'goes'] : ['copies', 'go'];
      return {
        message: `stopped watching ${what} ${named}, which ${go} on`,
        advice: `watch on with: mimeo copy watch ${named}; cancel with: mimeo copy cancel ${named}`,
      };
    },
  };
  return watch(watching, ids, stderr, signal);
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
