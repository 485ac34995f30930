/** Lists' filters by when things were made. */
import { readTime } from '../times.ts';

export interface CreatedWithin {
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number;
}

/** By their keys; undefined for what is no time. An end is the end of the minute, or second, that is named. */
export const createdWithin: ReadonlyMap<string | undefined, (value: string) => CreatedWithin | undefined> = new Map([
  ['CreationStartTime', after],
  ['CreationEndTime', before],
]);

function after(value: string): CreatedWithin | undefined {
  const time = readTime(value);
  return time && { createdAfter: time.start };
}

function before(value: string): CreatedWithin | undefined {
  const time = readTime(value);
  return time && { createdBefore: time.end };
}
