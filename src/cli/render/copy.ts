import type { ApiCopy, ApiPlannedCopy } from '../api.ts';
import { type Column, renderFields, renderTable } from './table.ts';
import { formatBytes, formatBytesOrDash, formatDuration, formatRate, formatTime } from './units.ts';

export const copyColumns: readonly Column<ApiCopy>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'FROM', value: ({ sourceRegion }) => sourceRegion },
  { title: 'TO', value: ({ destinationRegion }) => destinationRegion },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'DONE', align: 'right', value: ({ percent }) => `${percent} %` },
  { title: 'MOVED', align: 'right', value: ({ bytesMoved }) => formatBytes(bytesMoved) },
  { title: 'NEW IMAGE', value: ({ destinationImageId }) => destinationImageId },
  { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
];

export function renderCopy(copy: ApiCopy): string {
  return renderFields([
    ['Id', copy.id],
    ['From', `${copy.sourceImageId} in ${copy.sourceRegion}`],
    ['To', `${copy.destinationImageId} in ${copy.destinationRegion}`],
    ['Encryption', encryptionOf(copy)],
    ['State', copy.state],
    ['Progress', `${copy.percent} %, ${describeProgress(copy)}`],
    ['Attempts', copy.attempts],
    ['Retry of', copy.retryOf ?? '-'],
    ['Failure', copy.failure === null ? '-' : `${copy.failure.code}: ${copy.failure.message}`],
    ['Created', formatTime(copy.createdAt)],
    ['Started', formatTime(copy.startedAt)],
    ['Finished', formatTime(copy.finishedAt)],
    ['Request', copy.request ?? '-'],
  ]);
}

function encryptionOf({ encryption }: ApiCopy): string {
  if (encryption === 'same') return 'as the source';
  return encryption === 'none' ? encryption : `with key ${encryption}`;
}

/** One copy in full, several as a table. */
export function renderCopies(copies: readonly ApiCopy[]): string {
  const [first, ...others] = copies;
  return first !== undefined && others.length === 0 ? renderCopy(first) : renderTable(copyColumns, copies);
}

/** What there is to say besides the percentage: place in the queue, or how much, how fast, how long. */
export function describeProgress(copy: ApiCopy): string {
  if (copy.state === 'queued')
    return copy.queuePosition === null ? 'queued' : `number ${copy.queuePosition} in the queue`;
  const parts = [
    `${formatBytes(copy.bytesDone)} of ${formatBytes(copy.bytesTotal)}`,
    `${formatBytes(copy.bytesMoved)} moved`,
  ];
  return [...parts, ...describePace(copy)].join(', ');
}

/** How fast and how long, as far as that is known. */
export function describePace({
  state,
  bytesPerSecond,
  secondsRemaining,
}: Pick<ApiCopy, 'state' | 'bytesPerSecond' | 'secondsRemaining'>): string[] {
  return [
    ...(state === 'running' && bytesPerSecond > 0 ? [formatRate(bytesPerSecond)] : []),
    ...(secondsRemaining === null ? [] : [`${formatDuration(secondsRemaining)} left`]),
  ];
}

const planColumns: readonly Column<ApiPlannedCopy>[] = [
  { title: 'IMAGE', value: ({ image }) => image },
  { title: 'TO', value: ({ region }) => region },
  { title: 'DATA', align: 'right', value: ({ bytesTotal }) => formatBytesOrDash(bytesTotal) },
  { title: 'TO MOVE', align: 'right', value: ({ bytesToMove }) => formatBytesOrDash(bytesToMove) },
  { title: 'ALLOWED', value: ({ allowed, verdicts }) => (allowed ? 'yes' : `no: ${reasons(verdicts)}`) },
];

export function renderPlan(items: readonly ApiPlannedCopy[]): string {
  return renderTable(planColumns, items);
}

function reasons(verdicts: ApiPlannedCopy['verdicts']): string {
  const refusals = verdicts.filter(({ allowed }) => !allowed);
  return refusals.map(({ rule, problem }) => problem?.title ?? rule).join('; ');
}
