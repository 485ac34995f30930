/** What Alibaba Cloud says no with: rows of its error tables, exact strings, misspellings kept (docs/protocols/aliyun.md). */

interface Row {
  readonly status: number;
  readonly code: string;
  /** `%s` stands for what it is about. */
  readonly message: string;
  /** Of the older page, where it words it otherwise. */
  readonly older?: string;
}

/** A row that can occur. */
export interface Fault extends Row {
  /** What provokes it here. */
  readonly when: string;
}

/** A row of the published table that cannot occur. */
export interface UnusedFault extends Row {
  /** Why it can't. */
  readonly never: string;
}

/** An operation's rows by names of ours. */
export type Faults = Readonly<Record<string, Fault | UnusedFault>>;

/** Rows that cannot occur, all for one reason: status, code and message of each. */
export function unused(
  never: string,
  rows: readonly (readonly [number, string, string])[],
): Record<string, UnusedFault> {
  return Object.fromEntries(
    rows.map(([status, code, message]) => [`${status} ${code} ${message}`, { status, code, message, never }]),
  );
}

/** The no itself. */
export class FaultError extends Error {
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

/** Which of Alibaba Cloud's two pages is kept to. */
export const pages = ['newer', 'older'] as const;
export type Page = (typeof pages)[number];

/** What the client is told, in the words of that page. */
export function messageOf({ fault, about }: Pick<FaultError, 'fault' | 'about'>, page: Page): string {
  const wording = page === 'older' ? (fault.older ?? fault.message) : fault.message;
  return wording.replaceAll('%s', () => about);
}
