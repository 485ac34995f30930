/** Tasks as answers have them (reference §3.3); each value's JSON type counts. */
import { percentDone } from '../../../domain/copy.ts';
import type { TaskState } from '../../../domain/states.ts';
import type { Task, TaskKind } from '../../../domain/task.ts';
import { toTime } from '../times.ts';
import { addressOf } from './object-url.ts';

export const taskActions = { import: 'ImportImage', export: 'ExportImage' } as const satisfies Readonly<
  Record<TaskKind, string>
>;

/** There is no word for a task that was cancelled. */
export const taskStatuses = {
  queued: 'pending',
  running: 'running',
  succeeded: 'finished',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Readonly<Record<TaskState, string>>;

/** `imageName`: undefined for an image that is no longer there. */
export function viewTask(task: Task, imageName: string | undefined) {
  const { id, kind, state, imageJdcloudId, createdAt, finishedAt } = task;
  return {
    taskId: id,
    action: taskActions[kind],
    taskStatus: taskStatuses[state],
    progress: percentDone(task),
    ...outcomeOf(task),
    createdTime: toTime(createdAt),
    finishedTime: finishedAt === null ? '' : toTime(finishedAt),
    imageId: imageJdcloudId,
    imageName,
    ...(kind === 'import' ? sourceOf(task) : destinationOf(task)),
  };
}

function outcomeOf({ state, failure, imageId, imageJdcloudId }: Task) {
  if (state === 'cancelled') return { errorInfo: 'cancelled', message: 'The task was cancelled.' };
  // Failures name images by their UUIDs.
  return { errorInfo: failure?.code ?? '', message: failure?.message.replaceAll(imageId, imageJdcloudId) ?? '' };
}

/** The system disk's object, which is the first. */
function sourceOf({ region, objects }: Task) {
  const [first] = objects;
  return { imageUrl: first && addressOf({ region, ...first }) };
}

function destinationOf({ region, objects }: Task) {
  const [first] = objects;
  return {
    ossUrl: first && addressOf({ region, bucket: first.bucket, object: '' }),
    ossObject: first?.object,
    ossObjects: objects.map(({ object }) => object),
  };
}
