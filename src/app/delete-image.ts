import type { Trx } from '../db/database.ts';
import { deleteImageRows } from '../db/image-states.ts';
import { readSnapshotProjects } from '../db/snapshots.ts';
import { failExportsOf } from '../db/tasks.ts';
import { may } from '../domain/authorization.ts';
import type { Image } from '../domain/image.ts';
import { RefusalError } from '../domain/refusal.ts';
import { act, type Trial } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { lockImage } from './find-image.ts';
import {
  type Condition,
  checkRevision,
  refuseUnsettled,
  refuseWhileCopied,
  refuseWhileTasked,
} from './unchanged-image.ts';

export interface DeleteImageOptions {
  /** Its snapshots stay, with their bytes, until each is deleted. Those that the caller may not delete do so in any case. */
  readonly keepSnapshots?: boolean | undefined;
  /** Refuses an image that is shared with accounts, or public. */
  readonly unlessShared?: boolean | undefined;
  /** Refuses an image that is being made, by whatever makes it. */
  readonly settled?: boolean | undefined;
}

/**
 * Deletes an image. Its bytes are condemned in the same transaction (D1) unless something else needs them too. Refused while
 * the image is being copied, or is itself the unfinished result of a copy, which is to be cancelled instead. An upload ends
 * with its image: whoever brings the bytes finds the lease gone, and can commit nothing more to a manifest that is condemned.
 * So do the exports of other accounts, which must not be what keeps it.
 */
export async function deleteImage(
  context: AppContext,
  caller: Caller,
  id: string,
  { dryRun, keepSnapshots = false, unlessShared, settled, ...condition }: Condition & Trial & DeleteImageOptions = {},
): Promise<void> {
  const resource = { type: 'image', id };
  await act(context, caller, { action: 'image.delete', resource, dryRun }, async (trx, deed) => {
    const image = await lockImage(trx, caller, id, 'image.delete');
    Object.assign(deed, {
      resource: { type: 'image', id: image.id },
      region: image.region,
      details: { name: image.name },
    });
    checkRevision(image, condition);
    if (image.protected) throw new RefusalError('image.protected', { image: image.id });
    const { visibility } = image;
    if (unlessShared && visibility !== 'private') {
      throw new RefusalError('image.shared', { image: image.id, visibility });
    }
    if (settled) await refuseUnsettled(trx, caller, image);
    const now = context.clock.now();
    const unfinishedCopy = image.sourceImageId !== null && image.state === 'queued';
    if (unfinishedCopy || image.state === 'copying') {
      throw new RefusalError('image.changing', { image: image.id, state: image.state });
    }
    await refuseWhileCopied(trx, caller, image);
    await refuseWhileTasked(trx, caller, image);
    await failExportsOf(trx, image.id, now);
    const keep = await snapshotsToKeep(trx, caller, image, keepSnapshots);
    const kept = await deleteImageRows(trx, image.id, now, { keep });
    if (kept.length > 0) deed.details = { name: image.name, keptSnapshots: kept };
  });
}

/** Snapshots may lie in other projects than an image that was made of them. */
async function snapshotsToKeep(trx: Trx, caller: Caller, image: Image, all: boolean): Promise<string[]> {
  const ids = image.disks.map(({ snapshot }) => snapshot.id);
  if (all) return ids;
  const projects = await readSnapshotProjects(trx, ids);
  const { accountId } = image;
  return ids.filter((id) => may(caller, 'snapshot.delete', { accountId, projectId: projects.get(id) ?? '' }) !== 'yes');
}
