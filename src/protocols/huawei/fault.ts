/** What Huawei Cloud says no with: rows of its error tables, exact strings (docs/protocols/huawei.md). */

interface Row {
  readonly status: number;
  /**
   * `IMG.0046` of the image service, `APIGW.0301` of the gateway before all services, `IAM.0011` of some of IAM's; the status in
   * digits for what Keystone and Glance say, which have no codes.
   */
  readonly code: string;
  /** `%s` stands for what it is about. */
  readonly message: string;
  /** Of Open Telekom Cloud, where it answers another one. */
  readonly otcStatus?: number;
  readonly otcMessage?: string;
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
  return Object.fromEntries(rows.map(([status, code, message]) => [code, { status, code, message, never }]));
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

/** Whose habits are kept to where the two sites differ. */
export const sites = ['huawei', 'otc'] as const;
export type Site = (typeof sites)[number];

export function messageOf({ fault, about }: Pick<FaultError, 'fault' | 'about'>, site: Site): string {
  return wordingOf(fault, site).replaceAll('%s', () => about);
}

/** With `%s` where it quotes something. */
export function wordingOf({ message, otcMessage }: Fault, site: Site): string {
  return site === 'otc' ? (otcMessage ?? message) : message;
}

export function statusOf({ status, otcStatus }: Fault, site: Site): number {
  return site === 'otc' ? (otcStatus ?? status) : status;
}
