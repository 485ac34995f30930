/**
 * Error tables of any dialect against what the server really says. A row that can occur and that nothing provokes does not
 * compile; a no without a row fails the test whose client is asked to look.
 */
import type { FaultRow, FaultTable, Occurring } from '../../src/protocols/shared/faults.ts';

/** The names of the rows that can occur. */
export type OccurringNames<Table extends FaultTable> = {
  [Name in keyof Table]: Table[Name] extends Occurring ? Name : never;
}[keyof Table];

/** What makes the server say each of them. */
export type Provocations<Table extends FaultTable, Api, Answer> = {
  readonly [Name in OccurringNames<Table>]: (api: Api) => Promise<Answer>;
};

export interface ProvokedRow<Provoke> {
  readonly name: string;
  readonly fault: Occurring;
  readonly provoke: Provoke;
}

export function rowsOf<Table extends FaultTable, Given extends Readonly<Record<OccurringNames<Table>, unknown>>>(
  table: Table,
  provocations: Given,
): ProvokedRow<Given[OccurringNames<Table>]>[] {
  const names = Object.keys(provocations) as (OccurringNames<Table> & string)[];
  return names.map((name) => ({ name, fault: table[name] as Occurring, provoke: provocations[name] }));
}

/** What an answer says, whatever its shape. */
export interface Said {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Whether it is one of the rows that can occur. `asSaid`: a row as the answer would have it, if not as it is. */
export function isOneOf<Row extends FaultRow>(
  rows: readonly Row[],
  { status, code, message }: Said,
  asSaid: (row: Row & Occurring) => Said = (row) => row,
): boolean {
  return rows
    .filter(canOccur)
    .map(asSaid)
    .some((row) => row.status === status && row.code === code && patternOf(row.message).test(message));
}

function canOccur<Row extends FaultRow>(row: Row): row is Row & Occurring {
  return 'when' in row;
}

/** A row's wording, in which anything may stand for `%s` and `%N`. */
export function patternOf(wording: string): RegExp {
  return new RegExp(`^${wording.split(/%[sN]/).map(RegExp.escape).join('.+')}$`, 's');
}
