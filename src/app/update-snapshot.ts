import { changeSnapshot } from '../db/snapshots.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { findSnapshot, lockSnapshot } from './find-snapshot.ts';
import { findGroup } from './place-image.ts';

export interface SnapshotUpdate {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** All of them. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Id or name; null for none. */
  readonly resourceGroup?: string | null | undefined;
}

/** Changes what is given, all of it or nothing. */
export async function updateSnapshot(
  context: AppContext,
  caller: Caller,
  id: string,
  { name, description, tags, resourceGroup }: SnapshotUpdate,
): Promise<Snapshot> {
  const resource = { type: 'snapshot', id };
  return await act(context, caller, { action: 'snapshot.update', resource }, async (trx, deed) => {
    if (name !== undefined) checkImageName(name);
    if (description !== undefined) checkDescription(description);
    if (tags !== undefined) checkTags(tags);
    const snapshot = await lockSnapshot(trx, caller, id, 'snapshot.update');
    const changes = {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(tags === undefined ? {} : { tags }),
      ...(resourceGroup === undefined ? {} : { resourceGroupId: await findGroup(trx, caller, resourceGroup) }),
    };
    Object.assign(deed, {
      resource: { type: 'snapshot', id: snapshot.id },
      region: snapshot.region,
      details: { changed: Object.keys(changes) },
    });
    await changeSnapshot(trx, snapshot.id, changes);
    return await findSnapshot({ db: trx }, caller, snapshot.id);
  });
}
