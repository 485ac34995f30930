/** Times as answers write them: to the second, without a zone, in China's. */
import { readAs, readSecond } from '../shared/times.ts';

const chinaIsAheadMs = 8 * 3600 * 1000;

/** `2021-01-28 16:49:05`. */
export function toTime(epochMs: number): string {
  return new Date(epochMs + chinaIsAheadMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Epoch milliseconds of such a time, or of one in UTC: `2021-01-28T08:49:05Z`. Undefined for what is neither. */
export function readTime(text: string): number | undefined {
  return text.endsWith('Z') ? readSecond(text) : readAs(toTime, text, `${text.replace(' ', 'T')}+08:00`);
}
