import type { Trx } from '../../db/database.ts';
import { lockExportPlace } from '../../db/export-places.ts';
import { insertTask } from '../../db/tasks.ts';
import { newTaskIds } from '../../domain/ids.ts';
import type { DiskFormat, Image } from '../../domain/image.ts';
import {
  checkBucketName,
  checkObjectName,
  checkObjectPrefix,
  exportName,
  mostExportBytes,
} from '../../domain/object-rules.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { isReadable } from '../../domain/states.ts';
import { type DiskObject, type Task, taskPlaceOf } from '../../domain/task.ts';
import { hasObject } from '../../objects/has-object.ts';
import { act, recordRefusal, type Trial } from '../act.ts';
import type { AppContext, Caller } from '../context.ts';
import { lockImage } from '../find-image.ts';
import { type Done, makeOnce } from '../once.ts';
import { tellAccount } from '../tell-account.ts';
import { refuseWhileTasked } from '../unchanged-image.ts';
import { askObjectStore } from './ask-object-store.ts';
import { readTask } from './find-task.ts';

export type ExportImageCommand = ExportCommand & ObjectNames;

interface ExportCommand {
  /** Any of the image's three ids. */
  readonly image: string;
  readonly bucket: string;
  /** Disks are never converted: it must be their own. Null: whatever they are. */
  readonly format: DiskFormat | null;
  /** Only this disk; all of them without it. */
  readonly only?: 'system' | undefined;
}

/**
 * What the objects' names begin with, and which of its ids they call the image by, Alibaba Cloud's without it. Or the whole
 * name of the one of an image of one disk, which must not be there until it is complete.
 */
type ObjectNames =
  | { readonly prefix: string; readonly object?: undefined; readonly calledBy?: 'aliyunId' | 'jdcloudId' }
  | { readonly object: string; readonly prefix?: undefined; readonly calledBy?: undefined };

export interface ExportOptions extends Trial {
  /** By which the request may be sent again. */
  readonly token?: string | undefined;
}

/**
 * Accepts an export of disks of an image, each to an object of its own. Until it has ended the account can't delete the
 * image, nor begin another export of it. An export of another account's image fails when that is deleted.
 */
export async function exportImage(
  context: AppContext,
  caller: Caller,
  command: ExportImageCommand,
  { token, dryRun }: ExportOptions = {},
): Promise<Done<Task>> {
  const { random, clock } = context;
  const { bucket } = command;
  const resource = { type: 'image', id: command.image };
  const details =
    command.object === undefined ? { bucket, prefix: command.prefix } : { bucket, object: command.object };
  const deed = { action: 'image.export', resource, details, dryRun } as const;
  const reached = await recordRefusal(context, caller, deed, async () => {
    checkBucketName(bucket);
    if (command.object === undefined) checkObjectPrefix(command.prefix);
    else checkObjectName(command.object);
    const [answer] = await Promise.allSettled([askForRoom(context, command)]);
    return answer;
  });
  return await act(context, caller, deed, async (trx, done) => {
    const repeatable = { operation: deed.action, token, request: command };
    const make = async () => {
      const image = await lockImage(trx, caller, command.image, 'image.export');
      Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
      if (!isReadable(image.state)) {
        throw new RefusalError('image.not-readable', { image: image.id, state: image.state });
      }
      await refuseWhileTasked(trx, caller, image);
      const objects = objectsOf(image, command);
      if (reached.status === 'rejected') throw reached.reason;
      await refuseOtherExport(trx, command);
      const now = clock.now();
      const task = {
        ...newTaskIds(random),
        kind: 'export',
        ...taskPlaceOf(image),
        accountId: caller.accountId,
        requestedBy: caller.userId,
        objects,
        createdAt: now,
      } as const;
      await insertTask(trx, task);
      // As with downloads: everybody may read a public image, and its owner could not keep up with what he is told of it.
      if (image.visibility !== 'public') {
        const told = { id: image.id, type: 'image.export', region: image.region } as const;
        await tellAccount(trx, caller, image.accountId, told, now);
      }
      return await readTask(trx, caller, task.id);
    };
    const exported = await makeOnce(context, trx, caller, repeatable, make, (id) => readTask(trx, caller, id));
    done.details = { ...details, task: exported.result.id };
    return exported;
  });
}

/** Refuses a bucket that is not there, and the name of an object that is. */
async function askForRoom(context: AppContext, { bucket, object }: ExportImageCommand): Promise<void> {
  await askObjectStore(context, async (store, signal) => {
    await store.checkBucket(bucket, signal);
    if (object === undefined) return;
    if (await hasObject(store, { bucket, object }, signal)) throw new RefusalError('object.exists', { bucket, object });
  });
}

/** Two that find no object of the name must not both make it. */
async function refuseOtherExport(trx: Trx, { bucket, object }: ExportImageCommand): Promise<void> {
  if (object === undefined) return;
  if (await lockExportPlace(trx, { bucket, object })) throw new RefusalError('object.exists', { bucket, object });
}

function objectsOf(image: Image, command: ExportImageCommand): DiskObject[] {
  const { bucket, prefix, object: named, format: wanted, only, calledBy = 'aliyunId' } = command;
  const disks = image.disks.filter(({ role }) => only === undefined || role === only);
  const formats = [...new Set(disks.flatMap(({ format }) => format ?? []))];
  if (wanted !== null && formats.some((format) => format !== wanted)) {
    throw new RefusalError('export.format', { image: image.id, format: wanted, formats });
  }
  if (named !== undefined && disks.length !== 1) {
    throw new RefusalError('request.invalid', {
      field: 'object',
      rule: 'names one object, and the image has more disks',
    });
  }
  return disks.map((disk) => {
    const { index, format, size } = disk;
    if (size > mostExportBytes) {
      throw new RefusalError('export.size', { image: image.id, disk: index, size, limit: mostExportBytes });
    }
    const object = named ?? exportName(prefix, image[calledBy], image.disks, disk);
    const isNew = named === undefined ? {} : { isNew: true };
    return { index, bucket, object, format, size, declaredSize: null, etag: null, ...isNew };
  });
}
