/** An image of one disk and no bytes, for tests of what lies below the use cases. */
import { randomBytes } from 'node:crypto';
import type { AppContext, Caller } from '../../src/app/context.ts';
import { findImage } from '../../src/app/find-image.ts';
import { shareImage } from '../../src/app/share-image.ts';
import { updateImage } from '../../src/app/update-image.ts';
import { inTransaction, type Trx } from '../../src/db/database.ts';
import { insertImage, type NewImage } from '../../src/db/new-images.ts';
import { insertTask } from '../../src/db/tasks.ts';
import { findDefaultProject } from '../../src/db/tenants/projects.ts';
import { newImageIds, newSnapshot, newTaskIds } from '../../src/domain/ids.ts';
import type { Image } from '../../src/domain/image.ts';
import { type TaskIds, type TaskKind, taskPlaceOf } from '../../src/domain/task.ts';
import type { Installation } from './installation.ts';

/** All of a disk but its snapshot; it measures one byte. */
export const plainDisk = {
  index: 0,
  role: 'data',
  format: null,
  size: 1,
  dataBytes: null,
  digest: null,
  key: null,
} as const;

/** What the image's row says, its disks aside. */
export function plainImage(caller: Caller, projectId: string, region: string): Omit<NewImage, 'disks'> {
  return {
    ...newImageIds(randomBytes),
    accountId: caller.accountId,
    region,
    projectId,
    resourceGroupId: null,
    name: 'plain',
    description: '',
    kind: 'data-disk',
    rootDevice: 'cloud-disk',
    attributes: {},
    properties: {},
    state: 'queued',
    visibility: 'private',
    protected: false,
    tags: {},
    sourceImageId: null,
    createdAt: 0,
    updatedAt: 0,
  };
}

/** Inserts it for the caller and returns its id. */
export async function insertPlainImage(
  trx: Trx,
  caller: Caller,
  changes: Partial<NewImage> & { readonly region: string },
): Promise<string> {
  const { id: projectId } = await findDefaultProject(trx, caller.accountId, changes.region);
  const disks = [{ ...plainDisk, snapshot: newSnapshot(randomBytes) }];
  const image = { ...plainImage(caller, projectId, changes.region), disks, ...changes };
  await insertImage(trx, image);
  return image.id;
}

/** One that passes for available though it has no bytes, with its system disk in the north. */
export async function makePlainImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  changes: Partial<NewImage> = {},
): Promise<Image> {
  const wanted = { region: 'north', kind: 'system-disk', state: 'available', ...changes } as const;
  const id = await inTransaction(context.db, (trx) => insertPlainImage(trx, caller, wanted));
  return await findImage(context, caller, id);
}

/** How an account can see, or not see, another's image. */
export type Seeing = 'hidden' | 'offered' | 'shared' | 'public';

/** A plain image of an account of its own, seen so by the caller. */
export async function makeImageOfOthers(
  { context, newCaller }: Pick<Installation, 'context' | 'newCaller'>,
  { accountName }: Pick<Caller, 'accountName'>,
  as: Seeing,
  changes: Partial<NewImage> = {},
): Promise<Image> {
  const owner = await newCaller();
  const image = await makePlainImage(context, owner, changes);
  if (as === 'hidden') return image;
  if (as === 'public') return await updateImage(context, owner, image.id, { visibility: 'public' });
  await shareImage(context, owner, image.id, accountName, { accepted: as === 'shared' });
  return await findImage(context, owner, image.id);
}

/** A task of this kind that goes on with the image's first disk, with an object of 200 bytes. */
export async function insertPlainTask(trx: Trx, image: Image, kind: TaskKind): Promise<TaskIds> {
  const ids = newTaskIds(randomBytes);
  const object = { index: 0, bucket: 'images', object: 'golden.raw', format: 'raw', size: 200 } as const;
  const objects = [{ ...object, declaredSize: null, etag: null }];
  await insertTask(trx, { ...ids, ...taskPlaceOf(image), kind, objects, requestedBy: null, createdAt: 0 });
  return ids;
}
