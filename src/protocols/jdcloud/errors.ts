import { faultOf } from '../shared/errors.ts';
import type { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import type { Operation } from './operation.ts';
import { failureFaults, refusalFaults } from './refusals.ts';

/** By Fastify's codes; all others are of a body that is too slow or of another length than was said. */
const malformed: ReadonlyMap<string, string> = new Map([
  ['FST_ERR_BAD_URL', 'the path is malformed'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'the content type is malformed'],
]);

/** Any error to the fault that is answered. `operation`: undefined where it was not known yet. */
export function toFaultError(error: unknown, operation: Operation | undefined): FaultError<Fault> {
  return faultOf(error, {
    refusals: [operation?.refusals ?? {}, refusalFaults],
    failures: failureFaults,
    internal: commonFaults.internal,
    malformed: ({ status, code }) =>
      status === 413
        ? [commonFaults.tooLarge]
        : [commonFaults.badRequest, malformed.get(code) ?? 'it did not arrive as announced'],
  });
}
