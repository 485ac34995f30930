/** Lists that go on where the last page ended. A token is for its own list, with the same filters. */
import { z } from 'zod';
import { isStorable } from '../../../lib/storable-text.ts';
import { createCursors } from '../../shared/cursors.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';

/** By what a list is sorted. Anybody can make up a token, so what it says has to be what the database can compare. */
const places = {
  time: z.strictObject({ value: z.int(), id: z.uuid() }),
  text: z.strictObject({ value: z.string().refine(isStorable), id: z.uuid() }),
} as const;

/** Reads and writes the tokens of one list. `scope`: its name and its filters. */
export function createNextTokens(sortedBy: keyof typeof places, scope: readonly unknown[]) {
  const cursors = createCursors<z.infer<(typeof places)[typeof sortedBy]>>(places[sortedBy], scope);
  return {
    /** Where the page begins; undefined: with the first row. */
    read(token: string | undefined) {
      if (token === undefined) return undefined;
      const place = cursors.read(token);
      if (place === undefined) throw new FaultError(commonFaults.invalidParameter, 'NextToken');
      return place;
    },
    /** Empty at the end. */
    write(next: object | null): string {
      return cursors.write(next) ?? '';
    },
  };
}
