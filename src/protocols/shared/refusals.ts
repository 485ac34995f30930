/** From what went wrong to the row that a dialect answers. */
import type { FailureCode } from '../../domain/failure.ts';
import type { RefusalCode, RefusalError, RefusalFacts } from '../../domain/refusal.ts';
import { FaultError, type Occurring } from './faults.ts';

/** What one of the core's refusals becomes; a function where its facts decide, or the message quotes one. */
export type RefusalFault<Code extends RefusalCode, Fault extends Occurring = Occurring> =
  | Fault
  | ((facts: RefusalFacts[Code]) => FaultError<Fault>);

/** Of an operation: those that it says otherwise than its dialect's {@link RefusalTable}. */
export type RefusalFaults<Fault extends Occurring = Occurring> = {
  readonly [Code in RefusalCode]?: RefusalFault<Code, Fault>;
};

/** Of a dialect; a code without a row does not compile. */
export type RefusalTable<Fault extends Occurring = Occurring> = {
  readonly [Code in RefusalCode]: RefusalFault<Code, Fault>;
};

export type FailureTable<Fault extends Occurring = Occurring> = Readonly<Record<FailureCode, Fault>>;

/** The row of the first table that has one. */
export function faultOfRefusal<Fault extends Occurring>(
  refusal: RefusalError,
  tables: readonly [...RefusalFaults<Fault>[], RefusalTable<Fault>],
): FaultError<Fault> {
  const { code, facts } = refusal;
  // The tables pair each code with its facts; that a given error's two belong together is its constructor's promise.
  const fault = tables.map((table) => table[code]).find((row) => row !== undefined) as RefusalFault<typeof code, Fault>;
  return typeof fault === 'function' ? fault(facts as never) : new FaultError(fault, '', { cause: refusal });
}
