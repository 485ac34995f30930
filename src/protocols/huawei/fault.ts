/** What Huawei Cloud says no with: rows of its error tables, exact strings (docs/protocols/huawei.md). */
import type { FaultError, FaultRow, FaultTable, Occurring, Unused } from '../shared/faults.ts';

/**
 * `code` is `IMG.0046` of the image service, `APIGW.0301` of the gateway before all services, `IAM.0011` of some of IAM's; the
 * status in digits for what Keystone and Glance say, which have no codes.
 */
export interface Row extends FaultRow {
  /** Of Open Telekom Cloud, where it answers another one. */
  readonly otcStatus?: number;
  readonly otcMessage?: string;
}

export type Fault = Occurring<Row>;
export type UnusedFault = Unused<Row>;
export type Faults = FaultTable<Row>;

/** Whose habits are kept to where the two sites differ. */
export const sites = ['huawei', 'otc'] as const;
export type Site = (typeof sites)[number];

export function messageOf({ fault, about }: Pick<FaultError<Fault>, 'fault' | 'about'>, site: Site): string {
  return wordingOf(fault, site).replaceAll('%s', () => about);
}

/** With `%s` where it quotes something. */
export function wordingOf({ message, otcMessage }: Fault, site: Site): string {
  return site === 'otc' ? (otcMessage ?? message) : message;
}

export function statusOf({ status, otcStatus }: Fault, site: Site): number {
  return site === 'otc' ? (otcStatus ?? status) : status;
}
