import { lockQuotas } from '../db/account-regions.ts';
import { changeDisk, insertDisk } from '../db/announced-disks.ts';
import type { Trx } from '../db/database.ts';
import { readDisks } from '../db/disks.ts';
import { changeImage } from '../db/images.ts';
import { findUpload } from '../db/uploads.ts';
import { newSnapshot } from '../domain/ids.ts';
import type { DiskFormat, DiskRole, Image } from '../domain/image.ts';
import { checkDiskSize } from '../domain/image-rules.ts';
import { quotaRefusal } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import { abandonUpload } from './abandon-uploads.ts';
import { act } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { checkRoles } from './create-image.ts';
import { findImage, lockImage } from './find-image.ts';
import { refuseWhileImported } from './unchanged-image.ts';

export interface AnnounceDiskCommand {
  /** Any of the image's three ids. */
  readonly image: string;
  /** Bytes. */
  readonly size: number;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
}

/**
 * Says what the one disk of an image is, for dialects that make the image before they know its size: an image without disks
 * gets it, and one that was announced and has no content is changed. What an upload that was cut off has stored is given up
 * with the disk that it was for. The bytes come with `uploadDisk`.
 */
export async function announceDisk(
  context: AppContext,
  caller: Caller,
  { image: id, ...wanted }: AnnounceDiskCommand,
): Promise<Image> {
  const details = { changed: ['disks'], size: wanted.size };
  const deed = { action: 'image.upload', type: 'image.update', resource: { type: 'image', id }, details } as const;
  return await act(context, caller, deed, async (trx, done) => {
    checkDiskSize(wanted.size);
    const image = await lockImage(trx, caller, id, 'image.upload');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    await announceIn(context, trx, image, wanted);
    return await findImage({ db: trx }, caller, image.id);
  });
}

/** The same for an image that the transaction has locked; part of whatever brings the bytes. */
export async function announceIn(
  context: AppContext,
  trx: Trx,
  image: Image,
  wanted: Omit<AnnounceDiskCommand, 'image'>,
): Promise<void> {
  checkRoles(image.kind, [wanted]);
  await refuseWhileImported(trx, image);
  await refuseFilled(trx, image);
  await announce(context, trx, image, wanted);
}

/** As an upload is refused. */
async function refuseFilled(trx: Trx, { id: image, sourceImageId, state }: Image): Promise<void> {
  const disks = await readDisks(trx, image);
  if (disks.some(({ manifestState }) => manifestState === 'live')) {
    throw new RefusalError('disk.has-content', { image, disk: 0 });
  }
  if (sourceImageId !== null || state === 'failed') throw new RefusalError('image.changing', { image, state });
  if (disks.length > 1) {
    const rule = 'names an image of several disks, which were announced when it was made';
    throw new RefusalError('request.invalid', { field: 'image', rule });
  }
}

async function announce(
  { clock, random, defaultQuotas }: AppContext,
  trx: Trx,
  image: Image,
  { role, format, size }: Omit<AnnounceDiskCommand, 'image'>,
): Promise<void> {
  const now = clock.now();
  const upload = await findUpload(trx, image.id);
  if (upload !== undefined && upload.leaseUntil > now) {
    throw new RefusalError('disk.upload-in-progress', { image: image.id, disk: 0 });
  }
  const [before] = image.disks;
  if (before?.size === size && before.role === role && before.format === format) return;
  const quotas = await lockQuotas(trx, image, defaultQuotas);
  const taken = { images: 0, snapshots: before === undefined ? 1 : 0, bytes: size - (before?.size ?? 0) };
  const refusal = quotaRefusal(image.region, quotas, taken);
  if (refusal !== undefined) throw refusal;
  if (upload !== undefined) await abandonUpload(trx, upload, now);
  if (before === undefined) {
    const disk = { index: 0, role, format, size, dataBytes: null, digest: null, snapshot: newSnapshot(random) };
    await insertDisk(trx, { ...image, createdAt: now }, disk);
  } else {
    await changeDisk(trx, image.id, { index: 0, role, format, size });
  }
  await changeImage(trx, image.id, {}, now);
}
