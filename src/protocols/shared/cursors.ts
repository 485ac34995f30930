/** Where a list's next page begins, as base64url of JSON, which only the same list with the same filters takes back. */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Reads and writes the cursors of one list. `scope`: its name, its filters and its sort. */
export function createCursors<Place>(place: z.ZodType<Place>, scope: readonly unknown[]) {
  const mark = createHash('sha256').update(JSON.stringify(scope)).digest('base64url').slice(0, 8);
  const whole = z.tuple([z.literal(mark), place]);
  return {
    /** Undefined for what is none of this list. */
    read(cursor: string): Place | undefined {
      return whole.safeParse(decode(cursor)).data?.[1];
    },
    write(next: object | number | null): string | null {
      return next === null ? null : Buffer.from(JSON.stringify([mark, next])).toString('base64url');
    },
  };
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
