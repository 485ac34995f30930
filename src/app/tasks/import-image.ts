import type { Trx } from '../../db/database.ts';
import { insertTask } from '../../db/tasks.ts';
import { newTaskIds } from '../../domain/ids.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type Task, type TaskIds, taskPlaceOf } from '../../domain/task.ts';
import type { ObjectFacts } from '../../objects/object-store.ts';
import { act, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { addImage, type CreateImageCommand, type CreateOptions, checkNewImage } from '../create-image.ts';
import { nameDefaultKey } from '../image-key.ts';
import { type Done, once } from '../once.ts';
import { checkPlaces, findObjects, type ImportedDisk } from './find-objects.ts';
import { readTask } from './find-task.ts';

export interface ImportImageCommand extends Omit<CreateImageCommand, 'disks'> {
  readonly disks: readonly ImportedDisk[];
}

const mostDisks = 64;

/**
 * Accepts an import: the objects are looked at first, then one transaction makes the image, charged with their sizes, and the
 * task that fills it. Objects that are refused do not keep a request that is sent again from being answered.
 */
export async function importImage(
  context: AppContext,
  caller: Caller,
  command: ImportImageCommand,
  options: CreateOptions = {},
): Promise<Done<Task>> {
  const { result, replayed } = await importImages(context, caller, [command], options);
  return { result: result[0] as Task, replayed };
}

export interface ImportOptions extends CreateOptions {
  /** What else is done with the tasks in their transaction, so that neither is without the other; once for a token. */
  readonly also?: (trx: Trx, tasks: readonly Task[]) => Promise<void>;
}

/** As {@link importImage}, for images of one region that are all made, each with a task of its own, or none of them. */
export async function importImages(
  context: AppContext,
  caller: Caller,
  commands: readonly ImportImageCommand[],
  { token, dryRun, uniqueName = false, also }: ImportOptions = {},
): Promise<Done<readonly Task[]>> {
  const all = commands.flatMap(({ disks }) => disks);
  const resource = { type: 'image', id: '' };
  const details = {
    name: commands.flatMap(({ name }) => name ?? []).join(', ') || null,
    objects: all.map(({ bucket, object }) => `${bucket}/${object}`),
  };
  const region = commands[0]?.region ?? null;
  const deed = { action: 'image.create', type: 'image.import', resource, region, details, dryRun } as const;
  const { found, named } = await recordRefusal(context, caller, deed, async () => {
    for (const command of commands) {
      checkNewImage(context, command);
      checkCount(command.disks);
    }
    checkPlaces(all);
    const [facts] = await Promise.allSettled([findObjects(context, all)]);
    const wanted: ImportImageCommand[] = [];
    for (const command of commands) wanted.push(await nameDefaultKey(context, caller, command, dryRun));
    return { found: facts, named: wanted };
  });
  return await act(context, caller, deed, async (trx, done) => {
    const repeatable = { operation: deed.type, token, request: commands };
    const { result, replayed } = await once(context, trx, caller, repeatable, async () => {
      if (found.status === 'rejected') throw found.reason;
      const facts = new Map(all.map((disk, index) => [disk, found.value[index] as ObjectFacts]));
      const made: { task: string; image: string }[] = [];
      for (const command of named) {
        const { id, imageId } = await accept(context, trx, caller, { command, facts, uniqueName });
        made.push({ task: id, image: imageId });
      }
      return made;
    });
    done.resource = { type: 'image', id: result.map(({ image }) => image).join(' ') };
    done.details = { ...details, task: result.map(({ task }) => task).join(' ') };
    const tasks: Task[] = [];
    for (const { task } of result) tasks.push(await readTask(trx, caller, task));
    if (!replayed) await also?.(trx, tasks);
    return { result: tasks, replayed };
  });
}

interface Accepted {
  readonly command: ImportImageCommand;
  readonly facts: ReadonlyMap<ImportedDisk, ObjectFacts>;
  readonly uniqueName: boolean;
}

/** Makes the image and its task, which are of the same age. */
async function accept(
  context: AppContext,
  trx: Trx,
  caller: Caller,
  { command, facts, uniqueName }: Accepted,
): Promise<TaskIds & { readonly imageId: string }> {
  const objects = command.disks.map((disk, index) => {
    const { bucket, object, format, size: declaredSize } = disk;
    return { index, bucket, object, format, declaredSize, ...(facts.get(disk) as ObjectFacts) };
  });
  const disks = command.disks.map(({ role, format }, index) => ({ role, format, size: objects[index]?.size ?? 0 }));
  const image = await addImage(context, trx, caller, { ...command, disks }, uniqueName);
  const about = { ...taskPlaceOf(image), requestedBy: caller.userId, createdAt: image.createdAt };
  const task = { ...newTaskIds(context.random), kind: 'import', ...about, objects } as const;
  await insertTask(trx, task);
  return task;
}

function checkCount(disks: readonly ImportedDisk[]): void {
  if (disks.length >= 1 && disks.length <= mostDisks) return;
  throw new RefusalError('request.invalid', { field: 'disks', rule: `must be 1 to ${mostDisks}` });
}
