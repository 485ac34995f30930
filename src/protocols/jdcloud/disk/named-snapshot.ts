/** How operations name a snapshot: by its id of JD Cloud's kind, in the region that it lies in. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findSnapshot } from '../../../app/find-snapshot.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import type { Snapshot } from '../../../domain/snapshot.ts';
import type { Faults } from '../fault.ts';
import { required, text } from '../parameters.ts';

export const snapshotFaults = {
  notFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Snapshot '%s' not found",
    when: 'no snapshot of the account has this id in the region',
  },
} as const satisfies Faults;

/** In a path. An id of another shape is answered as one that is not there. */
export const snapshotId = required(text({ rule: 'snapshot- and 10 lower-case letters or digits' }));

/** The other ids of a snapshot are for the clients of other clouds. */
export function isSnapshotId(id: string): boolean {
  return /^snapshot-[a-z0-9]{10}$/.test(id);
}

export function requireSnapshotId(id: string): void {
  if (!isSnapshotId(id)) throw new RefusalError('snapshot.not-found', { snapshot: id });
}

/** The snapshot, if it is the caller's account's and lies in the region; otherwise it does not exist. */
export async function findNamedSnapshot(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  region: string,
  id: string,
): Promise<Snapshot> {
  requireSnapshotId(id);
  return await findSnapshot(context, caller, id, 'snapshot.read', { region });
}
