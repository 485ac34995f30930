import { listImages } from '../../../app/list-images.ts';
import { listTasks } from '../../../app/tasks/list-tasks.ts';
import { isUuid } from '../../../domain/ids.ts';
import { defaulting } from '../../shared/parameters.ts';
import { keysOf } from '../../shared/words.ts';
import { ids, offsetOf, pageNumber, pagingFaults } from '../list-parameters.ts';
import { operation } from '../operation.ts';
import { oneOf, text, whole } from '../parameters.ts';
import { readTime } from '../times.ts';
import { taskActions, taskStatuses, viewTask } from './task-view.ts';

const time = text({
  rule: 'like 2021-01-28 16:49:05, of China, or 2021-01-28T08:49:05Z',
  matches: (value) => value === '' || readTime(value) !== undefined,
});

const most = 100;

/** Of the caller's account. Copies are no such tasks: the status and the progress of an image tell of them. */
export const imageTasks = operation({
  service: 'vm',
  method: 'GET',
  route: '/imageTasks',
  name: 'imageTasks',
  summary: 'Lists imports and exports, newest first.',
  right: 'task.read',
  query: {
    taskAction: oneOf(Object.values(taskActions)),
    taskIds: ids,
    taskStatus: oneOf([...new Set(Object.values(taskStatuses))]),
    startTime: time,
    endTime: time,
    pageNumber,
    // The older page has 1 to 10, the newer one 10 to 100.
    pageSize: defaulting(whole({ least: 1, most }, pagingFaults.pageSizeInvalid), 10),
  },
  faults: pagingFaults,
  async handle({ context, caller, region, parameters: asked }) {
    const { taskAction, taskIds, taskStatus, startTime = '', endTime = '', pageSize } = asked;
    const until = readTime(endTime);
    const { tasks, total } = await listTasks(context, caller, {
      region,
      kinds: taskAction && keysOf(taskActions, taskAction),
      ids: taskIds?.filter(isUuid),
      states: taskStatus && keysOf(taskStatuses, taskStatus),
      createdSince: readTime(startTime),
      // The second that is named counts as well.
      createdUntil: until === undefined ? undefined : until + 1000,
      offset: offsetOf(asked),
      limit: pageSize,
    });
    const images = new Set(tasks.map(({ imageId }) => imageId));
    const { images: there } = await listImages(context, caller, {
      owner: 'any',
      ids: [...images],
      sort: 'id',
      descending: false,
      limit: most,
    });
    const names = new Map(there.map(({ id, name }) => [id, name]));
    return { taskSet: tasks.map((task) => viewTask(task, names.get(task.imageId))), totalCount: total };
  },
});
