import type { Db, Trx } from '../db/database.ts';
import { lockSnapshot as lockSnapshotRow, findSnapshot as readSnapshot } from '../db/snapshots.ts';
import { type Action, may } from '../domain/authorization.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { ImageOfSnapshot, Snapshot } from '../domain/snapshot.ts';
import { demand } from './act.ts';
import type { Caller } from './context.ts';

export interface SnapshotPlace {
  /** Only if it lies in this one. */
  readonly region?: string | undefined;
}

/** The snapshot of this id, any of its three, if the caller may do `action` to it; otherwise it does not exist. */
export async function findSnapshot(
  context: { readonly db: Db | Trx },
  caller: Caller,
  id: string,
  action: Action = 'snapshot.read',
  place: SnapshotPlace = {},
): Promise<Snapshot> {
  return allowed(caller, action, id, await readSnapshot(context.db, id), place);
}

/** As {@link findSnapshot}, in a transaction until whose end the snapshot's own row stays as it is. */
export async function lockSnapshot(
  trx: Trx,
  caller: Caller,
  id: string,
  action: Action,
  place: SnapshotPlace = {},
): Promise<Snapshot> {
  return allowed(caller, action, id, await lockSnapshotRow(trx, id), place);
}

function allowed(
  caller: Caller,
  action: Action,
  id: string,
  snapshot: Snapshot | undefined,
  { region }: SnapshotPlace,
): Snapshot {
  const notFound = () => new RefusalError('snapshot.not-found', { snapshot: id });
  if (snapshot === undefined) throw notFound();
  const { accountId, projectId } = snapshot;
  demand(caller, action, { accountId, projectId }, notFound);
  if (region !== undefined && snapshot.region !== region) throw notFound();
  return withReadableImages(caller, snapshot);
}

/** The snapshot as the caller is told of it, without images of projects that the caller does not see. */
export function withReadableImages(caller: Caller, snapshot: Snapshot): Snapshot {
  const { accountId, images } = snapshot;
  const isReadable = ({ projectId }: ImageOfSnapshot) => may(caller, 'image.read', { accountId, projectId }) === 'yes';
  return { ...snapshot, images: images.filter(isReadable) };
}
