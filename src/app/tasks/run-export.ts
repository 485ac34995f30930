import { inTransaction } from '../../db/database.ts';
import { readDisks } from '../../db/disks.ts';
import { isTaskHeld, moveTask } from '../../db/tasks.ts';
import { FailureError } from '../../domain/failure.ts';
import { partBytes } from '../../domain/object-rules.ts';
import { type Task, TaskLostError, type TaskRun } from '../../domain/task.ts';
import { bytesOf } from '../../lib/raw-stream.ts';
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
  const disks = await begin(context, run);
  await tidyExport(objects, task, signal);
  const uploads: ObjectUpload[] = [];
  for (const object of task.objects) {
    const disk = disks.get(object.index);
    if (disk === undefined) throw new FailureError('source-gone', `image ${task.imageId} is no longer there`);
    const upload = await objects.beginUpload(object, signal);
    const bytes = bytesOf(object.size, context.dataPlane.read(disk, signal));
    await writeObject(upload, bytes, { partBytes: partBytes(object.size), onStored: onProgress, signal });
    uploads.push(upload);
  }
  // Completed objects stay: whoever has lost the task meanwhile must not make any.
  await inTransaction(context.db, async (trx) => {
    if (!(await isTaskHeld(trx, holder))) throw new TaskLostError();
  });
  for (const upload of uploads) await upload.complete(signal);
  await inTransaction(context.db, async (trx) => {
    if (!(await moveTask(trx, task.id, { event: 'succeeded', holder }, context.clock.now()))) throw new TaskLostError();
  });
}

/** Removes the parts that an attempt has left in the bucket. */
export async function tidyExport(objects: ObjectStore, task: Task, signal: AbortSignal): Promise<void> {
  for (const object of task.objects) await objects.abandonUploads(object, signal);
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
