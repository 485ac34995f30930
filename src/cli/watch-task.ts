import type { ApiTask } from './api-tasks.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { OutputStream } from './io.ts';
import { describeTaskProgress } from './render/task.ts';
import { watch } from './watch.ts';

/** Shows how far an import or export is until it has ended, and returns it then. */
export async function watchTask(
  client: Client,
  id: string,
  stderr: OutputStream,
  signal: AbortSignal,
): Promise<ApiTask> {
  const watching = {
    look: client.getTask,
    label: ({ kind }: ApiTask) => `${kind} ${id.slice(0, 8)}`,
    detail: describeTaskProgress,
    left: () => ({
      message: `stopped watching task ${id}, which goes on`,
      advice: `see how far it is with: mimeo task show ${id}; cancel with: mimeo task cancel ${id}`,
    }),
  };
  const [ended] = await watch(watching, [id], stderr, signal);
  return ended as ApiTask;
}

/** The error that a task is for whoever waited for it, when it did not succeed. */
export function unsuccessfulTask({ id, state, failure }: ApiTask): CliError | undefined {
  if (state === 'succeeded') return undefined;
  return new CliError(`task ${id} ${failure === null ? state : `${state}: ${failure.message}`}`, {
    exitCode: failure?.code === 'image-damaged' ? exitCodes.damaged : exitCodes.failed,
    advice: `see all of it with: mimeo task show ${id}`,
  });
}
