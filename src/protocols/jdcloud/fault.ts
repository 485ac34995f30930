/** What JD Cloud says no with: rows of its error tables, exact strings (docs/protocols/jdcloud.md). */
import type { FaultError, FaultRow, FaultTable, Occurring } from '../shared/faults.ts';

/** `code` is the finer form that JD Cloud calls status: `FAILED_PRECONDITION`. In a message `%N` stands for a parameter. */
export type Fault = Occurring<FaultRow>;
export type Faults = FaultTable<FaultRow>;

/** What the client is told. JD Cloud begins the names of parameters with a capital: `dataDisks.deviceName` is `DataDisks.DeviceName`. */
export function messageOf({ fault, about }: Pick<FaultError, 'fault' | 'about'>): string {
  const capital = about.replaceAll(/(?:^|\.)[a-z]/g, (letter) => letter.toUpperCase());
  return fault.message.replaceAll(/%[sN]/g, (placeholder) => (placeholder === '%N' ? capital : about));
}

/** What is known of JD Cloud at two times: `older`, its pages of 2021 and 2022, and `newer`, its API 1.6.1 of 2024. */
export const pages = ['newer', 'older'] as const;
export type Page = (typeof pages)[number];
