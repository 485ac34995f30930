/** Times of older actions, which write them to the minute: UTC. Others' are to the second. */
import { readAs, readSecond } from '../shared/times.ts';

/** `2019-11-15T06:07Z`. */
export function toMinute(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16)}Z`;
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
