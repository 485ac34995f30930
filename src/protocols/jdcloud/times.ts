/** Times as answers write them: to the second, without a zone, in China's. */
import { readSecond } from '../shared/times.ts';

const chinaIsAheadMs = 8 * 3600 * 1000;

/** `2021-01-28 16:49:05`. */
export function toTime(epochMs: number): string {
  return new Date(epochMs + chinaIsAheadMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Epoch milliseconds of such a time, or of one in UTC: `2021-01-28T08:49:05Z`. Undefined for what is neither. */
export function readTime(text: string): number | undefined {
  if (text.endsWith('Z')) return readSecond(text);
  const time = Date.parse(`${text.replace(' ', 'T')}+08:00`);
  // 31 February, though it can be parsed, is written otherwise.
  return !Number.isNaN(time) && toTime(time) === text ? time : undefined;
}
