import { faultOf } from '../shared/errors.ts';
import type { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import type { Operation } from './operation.ts';
import { failureFaults, refusalFaults } from './refusals.ts';

/** Any error to the fault that is answered. `operation`: undefined where it was not known yet. */
export function toFaultError(error: unknown, operation: Operation | undefined): FaultError<Fault> {
  return faultOf(error, {
    refusals: [operation?.refusals ?? {}, refusalFaults],
    failures: failureFaults,
    internal: commonFaults.internal,
    malformed: ({ status }) =>
      status === 413 ? [commonFaults.tooLarge] : [commonFaults.badRequest, 'it did not arrive as announced'],
  });
}
