import { inTransaction } from '../../db/database.ts';
import { readDisks } from '../../db/disks.ts';
import { lockImage } from '../../db/images.ts';
import { isTaskHeld, moveTask } from '../../db/tasks.ts';
import { findUpload } from '../../db/uploads.ts';
import { failureOfRefusal } from '../../domain/key-failure.ts';
import { type DiskObject, TaskLostError, type TaskRun } from '../../domain/task.ts';
import { runsOf } from '../../lib/raw-stream.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { readObject } from '../../objects/read-object.ts';
import type { AppContext } from '../context.ts';
import type { DiskRuns } from '../data-plane.ts';
import { type BegunUpload, beginDisk, storeDisk } from '../store-disk.ts';
import { isKeyRefusal } from '../upload-key.ts';
import { requireRight } from './requester.ts';

/**
 * Fills the disks of an image from its task's objects, one after the other; one that an earlier attempt had begun goes on from
 * what it has stored. The end of the last disk is the end of the task, in one transaction (W3).
 */
export async function runImport(context: AppContext, objects: ObjectStore, run: TaskRun): Promise<void> {
  try {
    for (const object of run.task.objects) await fill(context, objects, run, object);
  } catch (error) {
    throw isKeyRefusal(error) ? failureOfRefusal(error) : error;
  }
}

async function fill(context: AppContext, objects: ObjectStore, run: TaskRun, object: DiskObject): Promise<void> {
  const { task, holder, onProgress, signal } = run;
  const begun = await begin(context, run, object);
  onProgress(begun === undefined ? object.size : begun.from);
  if (begun === undefined) return;
  await storeDisk(context, begun, {
    // Not said, so that the runs must reach the disk's end.
    size: null,
    runs: counted(runsOf(bytesOf(objects, object, begun.from, signal), begun.from), onProgress),
    async onComplete(trx, isLast) {
      const now = context.clock.now();
      await requireRight(trx, task, 'image.create', now);
      const held = isLast
        ? await moveTask(trx, task.id, { event: 'succeeded', holder }, now)
        : await isTaskHeld(trx, holder);
      if (!held) throw new TaskLostError();
    },
  });
}

/** Undefined when the disk has its bytes. */
async function begin(
  context: AppContext,
  { task, holder, signal }: TaskRun,
  { index, size }: DiskObject,
): Promise<BegunUpload | undefined> {
  return await inTransaction(context.db, async (trx) => {
    await lockImage(trx, task.accountId, task.imageId, 'update');
    if (!(await isTaskHeld(trx, holder))) throw new TaskLostError();
    const { image, requester: user } = await requireRight(trx, task, 'image.create', context.clock.now());
    const disk = (await readDisks(trx, image.id)).find((row) => row.index === index);
    if (disk?.manifestState === 'live') return undefined;
    const parked = await findUpload(trx, image.id);
    const content = { disk: index, size, ...(parked === undefined ? {} : { from: parked.offset }) };
    return await beginDisk(context, trx, image, content, { user, isAlone: true, signal });
  });
}

async function* bytesOf(
  objects: ObjectStore,
  object: DiskObject,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (start === object.size) return;
  yield* readObject(objects, object, { start, etag: object.etag ?? '' }, signal);
}

async function* counted(runs: DiskRuns, onProgress: TaskRun['onProgress']): DiskRuns {
  for await (const run of runs) {
    yield run;
    onProgress(run.bytes.length);
  }
}
