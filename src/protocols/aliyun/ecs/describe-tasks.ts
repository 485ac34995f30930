import { listTasks } from '../../../app/tasks/list-tasks.ts';
import { keysOf } from '../../shared/words.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { commaList, repeated, required, text } from '../parameters.ts';
import { readTime } from '../times.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';
import { offsetOf, pageParameters } from './paging-parameters.ts';
import { taskActions, taskStatuses, viewTask } from './task-words.ts';

const fault = commonFaults.invalidParameter;

const time = text({
  rule: 'like 2020-11-23T15:10:00Z',
  fault,
  matches: (value) => readTime(value) !== undefined,
});

export const describeTasks = operation({
  service: 'ecs',
  action: 'DescribeTasks',
  summary: 'Lists imports and exports, newest first.',
  right: 'task.read',
  parameters: {
    RegionId: required(text()),
    TaskIds: commaList(text(), 100, fault),
    // Others there are none of.
    TaskAction: text(),
    // Other words do not count.
    TaskStatus: text(),
    ResourceIds: repeated(text(), { most: 100, tooMany: fault }),
    StartTime: time,
    EndTime: time,
    TaskGroupId: text(),
    ...pageParameters(),
  },
  faults: {},
  async handle({ context, caller, parameters: asked }) {
    const { RegionId, TaskIds, TaskAction, TaskStatus, ResourceIds, StartTime, EndTime, TaskGroupId } = asked;
    requireRegion(context, RegionId);
    const states = keysOf(taskStatuses, TaskStatus);
    const { tasks, total } = await listTasks(context, caller, {
      region: RegionId,
      // No task is in a group.
      ids: TaskGroupId !== undefined ? [] : TaskIds.length === 0 ? undefined : TaskIds.filter((id) => isId('task', id)),
      kinds: TaskAction === undefined ? undefined : keysOf(taskActions, TaskAction),
      states: states.length === 0 ? undefined : states,
      images: ResourceIds.length === 0 ? undefined : ResourceIds.filter((id) => isId('image', id)),
      createdSince: readTime(StartTime ?? '')?.start,
      createdUntil: readTime(EndTime ?? '')?.end,
      offset: offsetOf(asked),
      limit: asked.PageSize,
    });
    return {
      RegionId,
      TotalCount: total,
      PageNumber: asked.PageNumber,
      PageSize: asked.PageSize,
      TaskSet: { Task: tasks.map((task) => ({ ...viewTask(task), ResourceId: task.imageAliyunId })) },
    };
  },
});
