/** Any error to the fault that a dialect answers. */
import { failureOf } from '../../app/failure-of.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { FaultError, type Occurring } from './faults.ts';
import { type FailureTable, faultOfRefusal, type RefusalFaults, type RefusalTable } from './refusals.ts';

/** What a dialect says of errors that are no faults yet. */
export interface ErrorTables<Fault extends Occurring> {
  /** The first that has a row counts. */
  readonly refusals: readonly [...RefusalFaults<Fault>[], RefusalTable<Fault>];
  readonly failures: FailureTable<Fault>;
  readonly internal: Fault;
  /** Of what Fastify refuses: a body that is too large, too slow, of the wrong length or of a malformed type. */
  readonly malformed: (error: { readonly status: number; readonly code: string }) => readonly [Fault, about?: string];
}

export function faultOf<Fault extends Occurring>(error: unknown, tables: ErrorTables<Fault>): FaultError<Fault> {
  if (error instanceof FaultError) return error;
  if (error instanceof RefusalError) return faultOfRefusal(error, tables.refusals);
  const options = { cause: error };
  const failure = failureOf(error);
  if (failure !== undefined) return new FaultError(tables.failures[failure.code], '', options);
  const { statusCode: status = 500, code = '' } = error as { statusCode?: number; code?: string };
  const [fault, about = ''] = status >= 500 ? [tables.internal] : tables.malformed({ status, code });
  return new FaultError(fault, about, options);
}
