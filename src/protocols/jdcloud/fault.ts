/** What JD Cloud says no with: rows of its error tables, exact strings (docs/protocols/jdcloud.md). */
import type { FaultError, FaultRow, FaultTable, Occurring } from '../shared/faults.ts';

/** `code` is what JD Cloud calls status: `FAILED_PRECONDITION`. In a message `%N` stands for a parameter. */
export type Fault = Occurring<FaultRow>;
export type Faults = FaultTable<FaultRow>;

/** What the client is told. Parameters' names begin with capitals: `dataDisks.deviceName` is `DataDisks.DeviceName`. */
export function messageOf({ fault, about }: Pick<FaultError, 'fault' | 'about'>): string {
  const capital = about.replaceAll(/(?:^|\.)[a-z]/g, (letter) => letter.toUpperCase());
  return fault.message.replaceAll(/%[sN]/g, (placeholder) => (placeholder === '%N' ? capital : about));
}
