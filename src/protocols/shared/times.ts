/** Times as the clouds write them: UTC, to the second. */

/** `2019-11-15T06:07:05Z`. */
export function toSecond(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** Epoch milliseconds; undefined for what is no such time. */
export function readSecond(text: string): number | undefined {
  return readAs(toSecond, text);
}

/** `20191115T060705Z`, as dates of signatures. */
export function toCompactSecond(epochMs: number): string {
  return toSecond(epochMs).replaceAll(/[-:]/g, '');
}

const compactPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Epoch milliseconds; undefined for what is no such time. */
export function readCompactSecond(text: string): number | undefined {
  return compactPattern.test(text) ? readSecond(text.replace(compactPattern, '$1-$2-$3T$4:$5:$6Z')) : undefined;
}

/**
 * Epoch milliseconds of what `write` writes so; `parsed`: the same as `Date` reads it. 31 February, though it can be
 * parsed, is written otherwise.
 */
export function readAs(write: (epochMs: number) => string, text: string, parsed = text): number | undefined {
  const time = Date.parse(parsed);
  return !Number.isNaN(time) && write(time) === text ? time : undefined;
}
