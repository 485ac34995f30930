/** How operations name a snapshot: by its id of JD Cloud's kind, in the region that it lies in. */
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault, Faults } from '../fault.ts';

const { parameterInvalid, parameterMissing } = commonFaults;

export const snapshotFaults = {
  notFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Snapshot '%s' not found",
    when: 'no snapshot of the account has this id in the region',
  },
} as const satisfies Faults;

export const snapshotRefusals: RefusalFaults<Fault> = {
  'snapshot.not-found': ({ snapshot }) => notFound(snapshot),
};

/** Of operations that have it in their paths. One of another shape names nothing, as one that is not there. */
export const snapshotId = required(
  text({ rule: 'snapshot- and 10 lower-case letters or digits', fault: parameterInvalid }),
  parameterMissing,
);

/** A snapshot's other ids are other clouds' clients' to call it by. */
export function isSnapshotId(id: string): boolean {
  return /^snapshot-[a-z0-9]{10}$/.test(id);
}

export function notFound(id: string): FaultError<Fault> {
  return new FaultError(snapshotFaults.notFound, id);
}
