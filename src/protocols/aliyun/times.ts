/** Times as answers write them: UTC, to the second, or in older actions to the minute. */

/** `2019-11-15T06:07:05Z`. */
export function toSecond(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** `2019-11-15T06:07Z`. */
export function toMinute(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16)}Z`;
}

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/;

/** Either of the two, epoch milliseconds; undefined for what is no time. */
export function readTime(text: string): number | undefined {
  const time = timePattern.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
