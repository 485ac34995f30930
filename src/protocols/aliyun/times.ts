/** Times as requests and answers write them: UTC, to the second, or in older actions to the minute. */

/** `2019-11-15T06:07:05Z`. */
export function toSecond(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** `2019-11-15T06:07Z`. */
export function toMinute(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16)}Z`;
}

/** Epoch milliseconds; undefined for what is no such time: 31 February, though it can be parsed, is written otherwise. */
export function readSecond(text: string): number | undefined {
  return readAs(toSecond, text);
}

interface Span {
  /** Epoch milliseconds. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** The minute or the second that the text names. */
export function readTime(text: string): Span | undefined {
  const [minute, second] = [readAs(toMinute, text), readSecond(text)];
  if (minute !== undefined) return { start: minute, end: minute + 60_000 };
  return second === undefined ? undefined : { start: second, end: second + 1000 };
}

function readAs(write: (epochMs: number) => string, text: string): number | undefined {
  const time = Date.parse(text);
  return !Number.isNaN(time) && write(time) === text ? time : undefined;
}
