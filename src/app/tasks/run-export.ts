import { type Db, inTransaction } from '../../db/database.ts';
import { readDisks } from '../../db/disks.ts';
import { isObjectOfOther } from '../../db/export-places.ts';
import { findBegunObjects, isTaskHeld, moveTask, noteCompleting, saveBegunObjects } from '../../db/tasks.ts';
import { FailureError } from '../../domain/failure.ts';
import { partBytes } from '../../domain/object-rules.ts';
import { type BegunObject, type DiskObject, TaskLostError, type TaskRun } from '../../domain/task.ts';
import { bytesOf } from '../../lib/raw-stream.ts';
import { hasObject } from '../../objects/has-object.ts';
import type { ObjectStore, ObjectUpload } from '../../objects/object-store.ts';
import { writeObject } from '../../objects/write-object.ts';
import type { AppContext } from '../context.ts';
import type { DiskAddress } from '../data-plane.ts';
import { requireRight } from './requester.ts';

/**
 * Writes the disks of an image to its task's objects. None of these is seen before the parts of all are stored; an attempt
 * begins anew, since what an earlier one had stored is removed first.
 */
export async function runExport(context: AppContext, objects: ObjectStore, run: TaskRun): Promise<void> {
  const { task, holder, onProgress, signal } = run;
  const { db, clock } = context;
  const disks = await begin(context, run);
  await tidyExport(db, objects, run);
  const begun: BegunObject[] = [];
  const uploads: ObjectUpload[] = [];
  for (const object of task.objects) {
    const disk = disks.get(object.index);
    if (disk === undefined) throw new FailureError('source-gone', `image ${task.imageId} is no longer there`);
    const upload = await objects.beginUpload(object, signal);
    uploads.push(upload);
    // Before its first part: what a dead worker could not write down takes no room.
    begun.push({ bucket: object.bucket, object: object.object, upload: upload.id });
    if (!(await saveBegunObjects(db, holder, begun))) throw new TaskLostError();
    const bytes = bytesOf(object.size, context.dataPlane.read(disk, signal));
    await writeObject(upload, bytes, { partBytes: partBytes(object.size), onStored: onProgress, signal });
  }
  // Before it may be taken for one that the task has completed, and could remove.
  for (const object of task.objects) await failIfThere(objects, object, signal);
  await inTransaction(db, async (trx) => {
    if (!(await isTaskHeld(trx, holder))) throw new TaskLostError();
    await requireRight(trx, task, 'image.export', clock.now());
    await noteCompleting(trx, holder);
  });
  for (const upload of uploads) await upload.complete(signal);
  await inTransaction(db, async (trx) => {
    if (!(await moveTask(trx, task.id, { event: 'succeeded', holder }, clock.now()))) throw new TaskLostError();
  });
}

/**
 * Removes what an attempt has left in the bucket: unfinished uploads, and objects that it completed, unless another export
 * stands for them. Each is crossed off at once, since one that is gone is taken for completed.
 */
export async function tidyExport(
  db: Db,
  objects: ObjectStore,
  { task, holder, signal }: Pick<TaskRun, 'task' | 'holder' | 'signal'>,
): Promise<void> {
  const { uploads, completing } = await findBegunObjects(db, task.id);
  for (const [position, place] of uploads.entries()) {
    const wasUnfinished = await objects.abandonUpload(place, place.upload, signal);
    if (!wasUnfinished && completing && !(await isObjectOfOther(db, task, place))) await objects.remove(place, signal);
    if (!(await saveBegunObjects(db, holder, uploads.slice(position + 1)))) throw new TaskLostError();
  }
}

/** Others than Mimeo write to the bucket, too: none of theirs is overwritten that came after the task was accepted. */
async function failIfThere(store: ObjectStore, { bucket, object, isNew }: DiskObject, signal: AbortSignal) {
  if (!isNew || !(await hasObject(store, { bucket, object }, signal))) return;
  throw new FailureError('object-gone', `object ${object} in bucket ${bucket} has come to be since; export to another`);
}

/** Where the disks' bytes are. */
async function begin({ db, clock }: AppContext, { task, holder }: TaskRun): Promise<Map<number, DiskAddress>> {
  return await inTransaction(db, async (trx) => {
    if (!(await isTaskHeld(trx, holder))) throw new TaskLostError();
    const { id: image, region } = await requireRight(trx, task, 'image.export', clock.now());
    const disks = await readDisks(trx, image);
    return new Map(
      disks.flatMap(({ index: disk, chunkAccountId: accountId, manifestId, root }) =>
        manifestId === null || root === null ? [] : [[disk, { region, accountId, manifestId, root, image, disk }]],
      ),
    );
  });
}
