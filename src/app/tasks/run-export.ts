import { type Db, inTransaction } from '../../db/database.ts';
import { readDisks } from '../../db/disks.ts';
import { isObjectOfOther } from '../../db/export-places.ts';
import { findBegunObjects, isTaskHeld, moveTask, noteCompleting, saveBegunObjects } from '../../db/tasks.ts';
import { FailureError } from '../../domain/failure.ts';
import type { Image } from '../../domain/image.ts';
import { failureOfRefusal } from '../../domain/key-failure.ts';
import { partBytes } from '../../domain/object-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type BegunObject, type DiskObject, TaskLostError, type TaskRun } from '../../domain/task.ts';
import { bytesOf } from '../../lib/raw-stream.ts';
import { hasObject } from '../../objects/has-object.ts';
import type { ObjectStore, ObjectUpload } from '../../objects/object-store.ts';
import { writeObject } from '../../objects/write-object.ts';
import type { AppContext } from '../context.ts';
import type { DiskAddress } from '../data-plane.ts';
import { imageService, openKey } from '../image-data-keys.ts';
import { type KeyUser, useKey } from '../keys/use-key.ts';
import { type Permitted, requireRight } from './requester.ts';

/**
 * Writes the disks of an image to its task's objects. None of these is seen before the parts of all are stored; an attempt
 * begins anew, since what an earlier one had stored is removed first.
 */
export async function runExport(context: AppContext, objects: ObjectStore, run: TaskRun): Promise<void> {
  const { task, holder, onProgress, signal } = run;
  const { db, clock } = context;
  const { requester, image, disks } = await begin(context, run);
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
  await requireKeys(context, requester, image, disks);
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

interface BegunExport extends Permitted {
  /** Where the bytes of the disks that are exported are, with what opens them; by index. */
  readonly disks: ReadonlyMap<number, DiskAddress>;
}

async function begin(context: AppContext, { task, holder, signal }: TaskRun): Promise<BegunExport> {
  const { db, clock } = context;
  const { rows, ...permitted } = await inTransaction(db, async (trx) => {
    if (!(await isTaskHeld(trx, holder))) throw new TaskLostError();
    const { image, requester } = await requireRight(trx, task, 'image.export', clock.now());
    return { image, requester, rows: await readDisks(trx, image.id) };
  });
  const { id: image, region } = permitted.image;
  const wanted = new Set(task.objects.map(({ index }) => index));
  const disks = new Map<number, DiskAddress>();
  for (const { index: disk, chunkAccountId: accountId, manifestId, root, dataKey } of rows) {
    if (!wanted.has(disk) || manifestId === null || root === null) continue;
    const opening = dataKey && openKey(context, permitted.requester, { id: dataKey.id, image }, signal);
    const opened = opening && (await orFailure(opening));
    disks.set(disk, { region, accountId, dataKey: opened, manifestId, root, image, disk });
  }
  return { ...permitted, disks };
}

/** To store the parts may have taken hours: nobody is given what a key was disabled for meanwhile. */
async function requireKeys(
  context: AppContext,
  user: KeyUser,
  { id: image, region, disks }: Image,
  exported: ReadonlyMap<number, DiskAddress>,
): Promise<void> {
  for (const { index, key } of disks) {
    if (key === null || !exported.has(index)) continue;
    const use = { key, region, service: imageService, image, purpose: 'decrypt' } as const;
    await orFailure(useKey(context, user, use, async () => {}));
  }
}

async function orFailure<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof RefusalError ? failureOfRefusal(error) : error;
  }
}
