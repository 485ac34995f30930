import { faultOf } from '../shared/errors.ts';
import type { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault, Page } from './fault.ts';
import type { Operation } from './operation.ts';
import { failureFaults, refusalFaults } from './refusals.ts';

/** Any error to the fault that is answered. `operation`: undefined where it was not known yet. */
export function toFaultError(error: unknown, operation: Operation | undefined, page: Page): FaultError<Fault> {
  const { refusals = {}, olderRefusals = {} } = operation ?? {};
  return faultOf(error, {
    refusals: [page === 'older' ? olderRefusals : {}, refusals, refusalFaults],
    failures: failureFaults,
    internal: commonFaults.internal,
    malformed: ({ status }) => [commonFaults.invalidParameter, status === 415 ? 'Content-Type' : 'body'],
  });
}
