import type { ApiTask } from '../api-tasks.ts';
import { describePace } from './copy.ts';
import type { Column, Field } from './table.ts';
import { formatBytes, formatTime } from './units.ts';

export const taskColumns: readonly Column<ApiTask>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'REGION', value: ({ region }) => region },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'DONE', align: 'right', value: ({ percent }) => `${percent} %` },
  { title: 'SIZE', align: 'right', value: ({ bytesTotal }) => formatBytes(bytesTotal) },
  { title: 'IMAGE', value: ({ imageId }) => imageId },
  { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
];

export function taskFields(task: ApiTask): readonly Field[] {
  return [
    ['Id', task.id],
    ['Alibaba Cloud', task.aliyunId],
    ['Kind', task.kind],
    ['Region', task.region],
    ['Image', task.imageId],
    ['State', task.state],
    ['Progress', `${task.percent} %, ${describeTaskProgress(task)}`],
    ...task.objects.map(
      ({ disk, bucket, object, format, size }): Field => [
        `Disk ${disk}`,
        `${bucket}/${object} (${formatBytes(size)}${format === null ? '' : `, ${format}`})`,
      ],
    ),
    ['Attempts', task.attempts],
    ['Failure', task.failure === null ? '-' : `${task.failure.code}: ${task.failure.message}`],
    ['Created', formatTime(task.createdAt)],
    ['Started', formatTime(task.startedAt)],
    ['Finished', formatTime(task.finishedAt)],
  ];
}

/** What there is to say besides the percentage: how much, how fast, how long. */
export function describeTaskProgress(task: ApiTask): string {
  if (task.state === 'queued') return 'queued';
  return [`${formatBytes(task.bytesDone)} of ${formatBytes(task.bytesTotal)}`, ...describePace(task)].join(', ');
}
