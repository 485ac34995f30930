/** Pages by key: the next one begins after the last row's value and id, whatever was added or deleted meanwhile. */

export interface Cursor {
  /** The last row's value in the column that is sorted by. */
  readonly value: string | number;
  readonly id: string;
}

export interface PageRequest {
  /** Where it begins; undefined: with the first row. */
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** Matches what contains `text`, in which no character has a meaning of its own. */
export function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** Matches the whole of what `pattern` says, in which `*` stands for any characters and no other has a meaning of its own. */
export function wildcardPattern(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}

/** Of `limit` + 1 rows that were asked for: the page, and where the next one begins, if there is one. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => Cursor,
): { page: readonly Row[]; next: Cursor | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
