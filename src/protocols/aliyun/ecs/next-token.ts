/** Lists that go on where the last page ended. A token is for its own list, with the same filters. */
import { z } from 'zod';
import { createCursors } from '../../shared/cursors.ts';
import { commonFaults } from '../common-faults.ts';
import { FaultError } from '../fault.ts';

const place = z.strictObject({ value: z.union([z.string(), z.number()]), id: z.uuid() });

type Place = z.infer<typeof place>;

/** Where the page begins; undefined: with the first row. `scope`: the list's name and its filters. */
export function readNextToken(scope: readonly unknown[], token: string | undefined): Place | undefined {
  if (token === undefined) return undefined;
  const found = createCursors(place, scope).read(token);
  if (found === undefined) throw new FaultError(commonFaults.invalidParameter, 'NextToken');
  return found;
}

/** Empty at the end. */
export function writeNextToken(scope: readonly unknown[], next: Place | null): string {
  return createCursors(place, scope).write(next) ?? '';
}
