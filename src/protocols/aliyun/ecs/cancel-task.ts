import { cancelTask as cancelOwnTask } from '../../../app/tasks/cancel-task.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { findNamedTask, taskNotFound, taskParameters, taskRegionNotFound } from './named-task.ts';

export const cancelTaskFaults = {
  taskRegionNotFound,
  taskNotFound,
  actionUnsupported: {
    status: 403,
    code: 'InvalidTaskId.TaskActionNotSupport',
    message: 'The specified task action not support.',
    never: 'every task can be cancelled',
  },
  taskEnded: {
    status: 403,
    code: 'InvalidTaskId.IncorrectTaskStatus',
    message: 'The specified task status is invalid.',
    older: 'The specified task status is not invalid.',
    when: 'the task has ended, or is an export that completes its objects',
  },
  cancelFailed: {
    status: 403,
    code: 'CancelTaskFailed',
    message: 'The task is failed to cancel, Please contact the administrator.',
    never: 'what can be cancelled is, at once',
  },
} as const satisfies Faults;

/** With an import goes the image that it was making. */
export const cancelTask = operation({
  service: 'ecs',
  action: 'CancelTask',
  summary: 'Cancels an import or an export.',
  right: 'task.cancel',
  parameters: taskParameters,
  faults: cancelTaskFaults,
  refusals: {
    'task.not-found': taskNotFound,
    'region.not-found': taskRegionNotFound,
    'task.finished': cancelTaskFaults.taskEnded,
    'task.completing': cancelTaskFaults.taskEnded,
  },
  async handle({ context, caller, parameters }) {
    const { id } = await findNamedTask(context, caller, parameters);
    await cancelOwnTask(context, caller, id);
    return {};
  },
});
