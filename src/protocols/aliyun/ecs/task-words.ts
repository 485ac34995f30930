/** The domain's words for tasks, and Alibaba Cloud's. */
import { isFinalCopyState, type TaskState } from '../../../domain/states.ts';
import type { Task, TaskKind } from '../../../domain/task.ts';
import { toMinute } from '../times.ts';

export const taskActions = { import: 'ImportImage', export: 'ExportImage' } as const satisfies Record<TaskKind, string>;

export type TaskStatus = 'Processing' | 'Finished' | 'Failed';

/** There is no word for a task that was cancelled. */
export const taskStatuses: Readonly<Record<TaskState, TaskStatus>> = {
  queued: 'Processing',
  running: 'Processing',
  succeeded: 'Finished',
  failed: 'Failed',
  cancelled: 'Failed',
};

/** What both actions say of a task. */
export function viewTask({ aliyunId, kind, state, createdAt, finishedAt }: Task) {
  return {
    TaskId: aliyunId,
    TaskAction: taskActions[kind],
    TaskStatus: taskStatuses[state],
    SupportCancel: String(!isFinalCopyState(state)),
    CreationTime: toMinute(createdAt),
    FinishedTime: finishedAt === null ? '' : toMinute(finishedAt),
  };
}
