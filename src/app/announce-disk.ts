import { lockQuotas } from '../db/account-regions.ts';
import { changeDisk, insertDisk, removeDisk } from '../db/announced-disks.ts';
import { inTransaction, type Trx } from '../db/database.ts';
import { readDisks } from '../db/disks.ts';
import { changeImage, lockImage as lockImageRow } from '../db/images.ts';
import { type FoundUpload, findUpload } from '../db/uploads.ts';
import { newSnapshot } from '../domain/ids.ts';
import type { Disk, DiskFormat, DiskRole, Image } from '../domain/image.ts';
import { checkDiskSize } from '../domain/image-rules.ts';
import { quotaRefusal } from '../domain/quota.ts';
import { RefusalError } from '../domain/refusal.ts';
import { abandonUpload } from './abandon-uploads.ts';
import { act, recordRefusal } from './act.ts';
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

/** What became of the image, and what its disk was before; undefined where it had none. */
export interface Announced {
  readonly image: Image;
  readonly before: Disk | undefined;
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
): Promise<Announced> {
  const details = { changed: ['disks'], size: wanted.size };
  const deed = { action: 'image.upload', type: 'image.update', resource: { type: 'image', id }, details } as const;
  return await act(context, caller, deed, async (trx, done) => {
    checkDiskSize(wanted.size);
    const image = await lockImage(trx, caller, id, 'image.upload');
    Object.assign(done, { resource: { type: 'image', id: image.id }, region: image.region });
    await announceIn(context, trx, image, wanted);
    return { image: await findImage({ db: trx }, caller, image.id), before: image.disks[0] };
  });
}

/** Refuses where a disk could not be announced whatever it measures, for whoever has to take its bytes in to know. */
export async function checkAnnounceable(context: AppContext, caller: Caller, id: string): Promise<void> {
  const { db, clock } = context;
  const deed = { action: 'image.upload', type: 'image.update', resource: { type: 'image', id } } as const;
  const check = async (trx: Trx) => {
    const image = await lockImage(trx, caller, id, 'image.upload');
    await requireUnfilled(trx, image, clock.now());
  };
  await recordRefusal(context, caller, deed, () => inTransaction(db, check));
}

/**
 * Takes back what was announced for bytes that never came, so that it counts no more: the disk is what it was before, or gone.
 * One that has bytes or gets them stays, as does one that was announced anew meanwhile, or whose former size no longer fits.
 */
export async function withdrawDisk(
  { db, clock, defaultQuotas }: Pick<AppContext, 'db' | 'clock' | 'defaultQuotas'>,
  { image: announced, before }: Announced,
): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { image } = (await lockImageRow(trx, announced.accountId, announced.id, 'update')) ?? {};
    const [disk] = image?.disks ?? [];
    if (image?.state !== 'queued' || disk === undefined || !isSame(disk, announced.disks[0])) return;
    if (before !== undefined && isSame(disk, before)) return;
    // Also a pending manifest, of an upload that is parked with what it stored, or goes on.
    const rows = await readDisks(trx, image.id);
    if (rows.some(({ manifestId }) => manifestId !== null)) return;
    const quotas = await lockQuotas(trx, image, defaultQuotas);
    if (before === undefined) {
      await removeDisk(trx, image.id, disk);
    } else {
      const taken = { images: 0, snapshots: 0, bytes: before.size - disk.size };
      if (quotaRefusal(image.region, quotas, taken) !== undefined) return;
      await changeDisk(trx, image.id, before);
    }
    await changeImage(trx, image.id, {}, clock.now());
  });
}

type Measure = Pick<Disk, 'size' | 'role' | 'format'>;

function isSame(one: Measure, other: Measure | undefined): boolean {
  return one.size === other?.size && one.role === other.role && one.format === other.format;
}

/**
 * The same for an image that the transaction has locked; part of whatever brings the bytes. What it returns is the upload that
 * was cut off and is still there, of a disk that was announced just so before.
 */
export async function announceIn(
  { clock, random, defaultQuotas }: AppContext,
  trx: Trx,
  image: Image,
  { role, format, size }: Omit<AnnounceDiskCommand, 'image'>,
): Promise<FoundUpload | undefined> {
  checkRoles(image.kind, [{ role }]);
  const now = clock.now();
  const parked = await requireUnfilled(trx, image, now);
  const [before] = image.disks;
  if (before !== undefined && isSame(before, { size, role, format })) return parked;
  const quotas = await lockQuotas(trx, image, defaultQuotas);
  const taken = { images: 0, snapshots: before === undefined ? 1 : 0, bytes: size - (before?.size ?? 0) };
  const refusal = quotaRefusal(image.region, quotas, taken);
  if (refusal !== undefined) throw refusal;
  if (parked !== undefined) await abandonUpload(trx, parked, now);
  if (before === undefined) {
    const disk = {
      index: 0,
      role,
      format,
      size,
      dataBytes: null,
      digest: null,
      key: null,
      snapshot: newSnapshot(random),
    };
    await insertDisk(trx, { ...image, createdAt: now }, disk);
  } else {
    await changeDisk(trx, image.id, { index: 0, role, format, size });
  }
  await changeImage(trx, image.id, {}, now);
  return undefined;
}

/** Refuses an image that has its bytes or gets them; what it returns is its upload that was cut off, if any. */
async function requireUnfilled(trx: Trx, image: Image, now: number): Promise<FoundUpload | undefined> {
  await refuseWhileImported(trx, image);
  await refuseFilled(trx, image);
  const upload = await findUpload(trx, image.id);
  if (upload !== undefined && upload.leaseUntil > now) {
    throw new RefusalError('disk.upload-in-progress', { image: image.id, disk: 0 });
  }
  return upload;
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
