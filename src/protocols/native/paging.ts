/** Lists come in pages. A cursor says where the next one begins. */
import { z } from 'zod';
import { createCursors as createSharedCursors } from '../shared/cursors.ts';
import { invalid } from './conditions.ts';
import { text } from './input.ts';

/** Query parameters that every list has. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'How many at most.' }),
  cursor: text.optional().meta({ description: "The last answer's `nextCursor`, with the same filters and sort." }),
};

/** A list's answer: what it lists under its name, and where the next page begins. */
export function pageOf<const Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  const nextCursor = z.string().nullable().meta({ description: 'Where the next page begins; null at the end.' });
  const shape = { [name]: z.array(item), nextCursor } as { [Key in Name]: z.ZodArray<Item> } & {
    nextCursor: typeof nextCursor;
  };
  return z.strictObject(shape);
}

/** Where a list by name goes on, and one by time. */
export const placeOfName = z.strictObject({ value: text, id: z.uuid() });
export const placeOfTime = z.strictObject({ value: z.int().min(0), id: z.uuid() });

/** Reads and writes the cursors of one list, and refuses another's. `scope`: its name, its filters and its sort. */
export function createCursors<Place>(place: z.ZodType<Place>, ...scope: readonly unknown[]) {
  const { read, write } = createSharedCursors(place, scope);
  return {
    read(cursor: string | undefined): Place | undefined {
      if (cursor === undefined) return undefined;
      const found = read(cursor);
      if (found === undefined)
        throw invalid('cursor', 'is not one that this list, with these filters and this sort, has given');
      return found;
    },
    write,
  };
}
