import { insertTask } from '../../db/tasks.ts';
import { newTaskIds } from '../../domain/ids.ts';
import { type Task, taskPlaceOf } from '../../domain/task.ts';
import type { ObjectFacts } from '../../objects/object-store.ts';
import { abandonUpload } from '../abandon-uploads.ts';
import { act, recordRefusal } from '../act.ts';
import { announceIn } from '../announce-disk.ts';
import type { AppContext, Caller } from '../context.ts';
import { lockImage } from '../find-image.ts';
import { checkPlaces, findObjects, type ImportedDisk } from './find-objects.ts';
import { readTask } from './find-task.ts';

export interface FillImageCommand extends Omit<ImportedDisk, 'size'> {
  /** Any of the image's three ids. */
  readonly image: string;
}

/**
 * Accepts an import into an image that was made before it was known what its one disk is, and has no content. What uploads
 * have brought of it is given up. If it fails the image has failed, and if it is cancelled the image is gone, as with any
 * other import; the task is younger than the image, which tells the two apart.
 */
export async function fillImage(
  context: AppContext,
  caller: Caller,
  { image: id, ...disk }: FillImageCommand,
): Promise<Task> {
  const { random, clock } = context;
  const { bucket, object, role, format } = disk;
  const details = { objects: [`${bucket}/${object}`] };
  const deed = { action: 'image.upload', type: 'image.import', resource: { type: 'image', id }, details } as const;
  const { size, etag } = await recordRefusal(context, caller, deed, async () => {
    checkPlaces([disk]);
    const [facts] = await findObjects(context, [{ ...disk, size: null }]);
    return facts as ObjectFacts;
  });
  return await act(context, caller, deed, async (trx, done) => {
    const image = await lockImage(trx, caller, id, 'image.upload');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    const parked = await announceIn(context, trx, image, { size, role, format });
    const now = clock.now();
    // Its bytes are not the object's, though the disk may be as large.
    if (parked !== undefined) await abandonUpload(trx, parked, now);
    const about = { ...taskPlaceOf(image), requestedBy: caller.userId, createdAt: now };
    const objects = [{ index: 0, bucket, object, format, size, declaredSize: null, etag }];
    const task = { ...newTaskIds(random), kind: 'import', ...about, objects } as const;
    await insertTask(trx, task);
    done.details = { ...details, task: task.id };
    return await readTask(trx, caller, task.id);
  });
}
