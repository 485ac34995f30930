/** What a cloud says no with: rows of its error tables, exact strings. A dialect adds what else its rows have. */

export interface FaultRow {
  readonly status: number;
  readonly code: string;
  /** `%s` stands for what it is about. */
  readonly message: string;
}

/** A row that can occur. */
export type Occurring<Row extends FaultRow = FaultRow> = Row & {
  /** What provokes it here. */
  readonly when: string;
};

/** A row of a published table that cannot occur. */
export type Unused<Row extends FaultRow = FaultRow> = Row & {
  /** Why it can't. */
  readonly never: string;
};

/** An operation's rows by names of ours. */
export type FaultTable<Row extends FaultRow = FaultRow> = Readonly<Record<string, Occurring<Row> | Unused<Row>>>;

/** Rows that cannot occur, all for one reason: status, code and message of each. */
export function unused(
  never: string,
  rows: readonly (readonly [status: number, code: string, message: string])[],
): Record<string, Unused> {
  return Object.fromEntries(
    rows.map(([status, code, message]) => [`${status} ${code} ${message}`, { status, code, message, never }]),
  );
}

/** The no itself. */
export class FaultError<Fault extends Occurring = Occurring> extends Error {
  readonly fault: Fault;
  /** What `%s` becomes. */
  readonly about: string;

  constructor(fault: Fault, about = '', options?: ErrorOptions) {
    super(fault.code, options);
    this.name = 'FaultError';
    this.fault = fault;
    this.about = about;
  }
}
