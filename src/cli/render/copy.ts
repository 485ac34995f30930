import type { ApiCopy } from '../api.ts';
import { type Column, renderFields, renderTable } from './table.ts';
import { formatBytes, formatDuration, formatRate, formatTime } from './units.ts';

const copyColumns: readonly Column<ApiCopy>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'FROM', value: ({ sourceRegion }) => sourceRegion },
  { title: 'TO', value: ({ destinationRegion }) => destinationRegion },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'DONE', align: 'right', value: ({ percent }) => `${percent} %` },
  { title: 'MOVED', align: 'right', value: ({ bytesMoved }) => formatBytes(bytesMoved) },
  { title: 'NEW IMAGE', value: ({ destinationImageId }) => destinationImageId },
  { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
];

export function renderCopies(copies: readonly ApiCopy[]): string {
  return copies.length === 0 ? 'No copies.' : renderTable(copyColumns, copies);
}

export function renderCopy(copy: ApiCopy): string {
  return renderFields([
    ['Id', copy.id],
    ['From', `${copy.sourceImageId} in ${copy.sourceRegion}`],
    ['To', `${copy.destinationImageId} in ${copy.destinationRegion}`],
    ['State', copy.state],
    ['Progress', `${copy.percent} %, ${describeProgress(copy)}`],
    ['Attempts', copy.attempts],
    ['Failure', copy.failure === null ? '-' : `${copy.failure.code}: ${copy.failure.message}`],
    ['Created', formatTime(copy.createdAt)],
    ['Started', formatTime(copy.startedAt)],
    ['Finished', formatTime(copy.finishedAt)],
  ]);
}

/** What there is to say besides the percentage: place in the queue, or how much, how fast, how long. */
export function describeProgress(copy: ApiCopy): string {
  if (copy.state === 'queued')
    return copy.queuePosition === null ? 'queued' : `number ${copy.queuePosition} in the queue`;
  const parts = [
    `${formatBytes(copy.bytesDone)} of ${formatBytes(copy.bytesTotal)}`,
    `${formatBytes(copy.bytesMoved)} moved`,
  ];
  if (copy.state === 'running' && copy.bytesPerSecond > 0) parts.push(formatRate(copy.bytesPerSecond));
  if (copy.secondsRemaining !== null) parts.push(`${formatDuration(copy.secondsRemaining)} left`);
  return parts.join(', ');
}
