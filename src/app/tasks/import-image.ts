import { insertTask } from '../../db/tasks.ts';
import { newTaskIds } from '../../domain/ids.ts';
import type { DiskFormat, DiskRole } from '../../domain/image.ts';
import { checkBucketName, checkObjectName, mostObjectBytes } from '../../domain/object-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import type { Task } from '../../domain/task.ts';
import type { ObjectFacts } from '../../objects/object-store.ts';
import { act, recordRefusal } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { addImage, type CreateImageCommand, type CreateOptions, checkNewImage } from '../create-image.ts';
import { type Done, once } from '../once.ts';
import { askObjectStore } from './ask-object-store.ts';
import { readTask } from './find-task.ts';

export interface ImportImageCommand extends Omit<CreateImageCommand, 'disks'> {
  readonly disks: readonly ImportedDisk[];
}

export interface ImportedDisk {
  readonly bucket: string;
  readonly object: string;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
  /** Bytes that the disk measures to a machine; null: not said. A raw disk's object has no more. */
  readonly size: number | null;
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
  { token, dryRun, uniqueName = false }: CreateOptions = {},
): Promise<Done<Task>> {
  const { random, clock } = context;
  const { region, name } = command;
  const resource = { type: 'image', id: '' };
  const details = { name, objects: command.disks.map(({ bucket, object }) => `${bucket}/${object}`) };
  const deed = { action: 'image.create', type: 'image.import', resource, region, details, dryRun } as const;
  const found = await recordRefusal(context, caller, deed, async () => {
    checkNewImage(context, command);
    checkDisks(command.disks);
    const [facts] = await Promise.allSettled([findObjects(context, command.disks)]);
    return facts;
  });
  return await act(context, caller, deed, async (trx, done) => {
    const repeatable = { operation: deed.type, token, request: command };
    const { result, replayed } = await once(context, trx, caller, repeatable, async () => {
      if (found.status === 'rejected') throw found.reason;
      const objects = command.disks.map(({ bucket, object, format, size: declaredSize }, index) => {
        const { size, etag } = found.value[index] as ObjectFacts;
        return { index, bucket, object, format, size, declaredSize, etag };
      });
      const disks = command.disks.map(({ role, format }, index) => ({ role, format, size: objects[index]?.size ?? 0 }));
      const image = await addImage(context, trx, caller, { ...command, disks }, uniqueName);
      const { id: imageId, aliyunId: imageAliyunId, accountId, projectId } = image;
      const task = {
        ...newTaskIds(random),
        kind: 'import',
        accountId,
        region,
        imageId,
        imageAliyunId,
        projectId,
        requestedBy: caller.userId,
        objects,
        createdAt: clock.now(),
      } as const;
      await insertTask(trx, task);
      return { task: task.id, image: imageId };
    });
    done.resource = { type: 'image', id: result.image };
    done.details = { ...details, task: result.task };
    return { result: await readTask(trx, caller, result.task), replayed };
  });
}

function checkDisks(disks: readonly ImportedDisk[]): void {
  if (disks.length < 1 || disks.length > mostDisks) {
    throw new RefusalError('request.invalid', { field: 'disks', rule: `must be 1 to ${mostDisks}` });
  }
  for (const { bucket, object } of disks) {
    checkBucketName(bucket);
    checkObjectName(object);
  }
}

async function findObjects(context: AppContext, disks: readonly ImportedDisk[]): Promise<readonly ObjectFacts[]> {
  return await askObjectStore(context, (store, signal) =>
    Promise.all(
      disks.map(async ({ bucket, object, role, format, size }) => {
        const facts = await store.head({ bucket, object }, signal);
        const limit = format === 'raw' && size !== null ? size : mostObjectBytes;
        if (facts.size >= 1 && facts.size <= limit) return facts;
        throw new RefusalError('object.size', { bucket, object, size: facts.size, limit, role });
      }),
    ),
  );
}
