/** Images as answers have them (reference §3.2). Each value's JSON type counts: Go's client fails on a wrong one. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findCopiesInto } from '../../../app/find-copy.ts';
import { findImportsInto } from '../../../app/tasks/find-task.ts';
import type { Copy } from '../../../domain/copy.ts';
import { type Disk, type Image, minDiskOf } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import type { Task } from '../../../domain/task.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { diskLetters } from '../../shared/disk-letters.ts';
import { progressOf } from '../../shared/image-progress.ts';
import {
  assumed,
  bootModeOf,
  launchPermissions,
  otherPlatforms,
  rootDeviceTypes,
  sourceOf,
  statusOf,
} from '../image-words.ts';
import { toTime } from '../times.ts';

/** What is undefined is left out. */
export type ImageView = Readonly<Record<string, unknown>>;

/** What made an image, if either did and the caller may know. */
interface Making {
  readonly copy: Copy | undefined;
  readonly task: Task | undefined;
}

/** In their order. Copies are asked for only where one is under way, which most lists have none of. */
export async function viewImages(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  images: readonly Image[],
): Promise<ImageView[]> {
  const own = images.filter(({ accountId }) => accountId === caller.accountId);
  const copied = own.filter(({ sourceImageId, state }) => sourceImageId !== null && !isReadable(state));
  const others = own.filter(({ sourceImageId }) => sourceImageId === null);
  const copies = copied.length === 0 ? none : await findCopiesInto(context, caller, idsOf(copied));
  const imports = others.length === 0 ? none : await findImportsInto(context, caller, idsOf(others));
  return images.map((image) => view(image, caller, { copy: copies.get(image.id), task: imports.get(image.id) }));
}

export async function viewImage(context: Pick<AppContext, 'db'>, caller: Caller, image: Image): Promise<ImageView> {
  const [only] = await viewImages(context, caller, [image]);
  return only as ImageView;
}

const none = new Map<string, never>();

function idsOf(images: readonly Image[]): string[] {
  return images.map(({ id }) => id);
}

function view(image: Image, caller: Caller, { copy, task }: Making): ImageView {
  const { attributes, accountName, disks, rootDevice, state } = image;
  const { osType = assumed.osType, architecture = assumed.architecture } = attributes;
  const isOwn = image.accountId === caller.accountId;
  const system = disks.find(({ role }) => role === 'system') ?? disks[0];
  const isLocal = rootDevice === 'local-disk';
  return {
    imageId: image.jdcloudId,
    name: image.name,
    desc: image.description,
    platform: attributes.platform ?? otherPlatforms[osType],
    osVersion: attributes.osVersion ?? '',
    osType,
    architecture,
    bootMode: bootModeOf(attributes),
    systemDiskSizeGB: minDiskOf(image),
    sizeMB: inMiBOfData(disks),
    imageSource: sourceOf(image, caller),
    status: statusOf[state],
    progress: String(progressOf(image, copy ?? task)),
    createTime: toTime(image.createdAt),
    rootDeviceType: rootDeviceTypes[rootDevice],
    // Snapshots are their account's, which others can't see, either.
    snapshotId: isLocal ? '' : isOwn ? system?.snapshot.jdcloudId : undefined,
    launchPermission: launchPermissions[image.visibility],
    ownerPin: accountName,
    loginName: accountName,
    systemDisk: system && (isLocal ? localDisk(system) : cloudDisk(system, isOwn)),
    dataDisks: disks.filter((disk) => disk !== system).map((disk) => cloudDisk(disk, isOwn)),
    // How it came to be is its account's affair.
    imported: isOwn ? task !== undefined : undefined,
    offline: false,
    expiredTime: '',
  };
}

/** Bytes of which nothing is known before they have come; then the file that they would make. */
function inMiBOfData(disks: readonly Disk[]): number {
  const bytes = disks.reduce((sum, { dataBytes }) => sum + (dataBytes ?? 0), 0);
  return Math.ceil(bytes / 1024 ** 2);
}

/** As the cloud's samples have it, `encrypted` twice. No image says of which type a machine's disk is to be. */
function cloudDisk(disk: Disk, isOwn: boolean): ImageView {
  const snapshotId = isOwn ? disk.snapshot.jdcloudId : undefined;
  const encrypted = disk.key !== null;
  const size = { diskType: 'ssd.gp1', diskSizeGB: inGiB(disk.size) };
  return {
    diskCategory: 'cloud',
    autoDelete: true,
    deviceName: deviceOf(disk),
    cloudDisk: { ...size, snapshotId, encrypt: encrypted, encrypted },
  };
}

function localDisk(disk: Disk): ImageView {
  const size = { diskType: 'ssd', diskSizeGB: inGiB(disk.size) };
  return { diskCategory: 'local', autoDelete: true, deviceName: deviceOf(disk), localDisk: size };
}

/** `vda` to `vdz`, then `vdaa`. */
function deviceOf({ index }: Disk): string {
  return `vd${diskLetters(index)}`;
}
