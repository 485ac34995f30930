import { inTransaction } from '../db/database.ts';
import { insertImage } from '../db/images.ts';
import { newImageIds, newSnapshot } from '../domain/ids.ts';
import type { DiskFormat, DiskRole, Image, ImageKind, RootDevice } from '../domain/image.ts';
import { checkDescription, checkImageName, checkTags } from '../domain/image-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { AppContext, Caller } from './context.ts';

export interface CreateImageCommand {
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  readonly tags: Readonly<Record<string, string>>;
  readonly disks: readonly { role: DiskRole; format: DiskFormat | null; size: number }[];
}

/** An image without bytes, `queued` until each of its disks has been uploaded. */
export async function createImage(context: AppContext, caller: Caller, command: CreateImageCommand): Promise<Image> {
  const { db, random, clock, regionNumbers } = context;
  const { region, name, description, kind, rootDevice, tags } = command;
  if (!regionNumbers.has(region)) throw new RefusalError('region.not-found', { region });
  checkImageName(name);
  checkDescription(description);
  checkTags(tags);
  if (kind === 'data-disk' && command.disks.some(({ role }) => role === 'system')) {
    throw new RefusalError('request.invalid', { field: 'disks', rule: 'a data-disk image has no system disk' });
  }
  const now = clock.now();
  const image: Image = {
    ...newImageIds(random),
    accountId: caller.accountId,
    region,
    name,
    description,
    kind,
    rootDevice,
    tags,
    state: 'queued',
    sourceImageId: null,
    createdAt: now,
    updatedAt: now,
    disks: command.disks.map((disk, index) => ({
      ...disk,
      index,
      dataBytes: null,
      digest: null,
      snapshot: newSnapshot(random),
    })),
  };
  await inTransaction(db, (trx) => insertImage(trx, image));
  return image;
}
