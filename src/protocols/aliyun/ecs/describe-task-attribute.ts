import { percentDone } from '../../../domain/copy.ts';
import type { Task } from '../../../domain/task.ts';
import { operation } from '../operation.ts';
import { findNamedTask, taskNotFound, taskParameters, taskRegionNotFound } from './named-task.ts';
import { type TaskStatus, taskStatuses, viewTask } from './task-words.ts';

export const describeTaskAttribute = operation({
  service: 'ecs',
  action: 'DescribeTaskAttribute',
  summary: 'Says how far an import or an export is, and why it failed.',
  right: 'task.read',
  parameters: taskParameters,
  faults: { taskNotFound, taskRegionNotFound },
  refusals: { 'task.not-found': taskNotFound, 'region.not-found': taskRegionNotFound },
  async handle({ context, caller, parameters }) {
    const task = await findNamedTask(context, caller, parameters);
    const count = (status: TaskStatus) => (taskStatuses[task.state] === status ? 1 : 0);
    return {
      ...viewTask(task),
      RegionId: task.region,
      TaskProcess: `${percentDone(task)}%`,
      // A task is one piece of work, however many disks it has.
      TotalCount: 1,
      SuccessCount: count('Finished'),
      FailedCount: count('Failed'),
      OperationProgressSet: { OperationProgress: [progressOf(task)] },
    };
  },
});

function progressOf({ state, failure, imageAliyunId, objects }: Task) {
  const cancelled = state === 'cancelled' ? { code: 'cancelled', message: 'The task was cancelled.' } : null;
  const why = failure ?? cancelled;
  return {
    OperationStatus: state === 'succeeded' ? 'Success' : taskStatuses[state],
    ErrorCode: why?.code ?? '',
    ErrorMsg: why?.message ?? '',
    RelatedItemSet: {
      RelatedItem: [
        { Name: 'ImageId', Value: imageAliyunId },
        ...objects.map(({ bucket, object }) => ({ Name: 'OSSObject', Value: `${bucket}/${object}` })),
      ],
    },
  };
}
