/** Images as DescribeImages tells of them. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findCopiesInto } from '../../../app/find-copy.ts';
import { findImportsInto } from '../../../app/tasks/find-task.ts';
import { type Copy, percentDone, secondsRemaining } from '../../../domain/copy.ts';
import { isEncrypting } from '../../../domain/copy-policy.ts';
import type { Disk, Image } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import type { Task } from '../../../domain/task.ts';
import { inGiB } from '../../../lib/gibibytes.ts';
import { diskLetters } from '../../shared/disk-letters.ts';
import { progressOf } from '../../shared/image-progress.ts';
import { toSecond } from '../../shared/times.ts';
import type { Answer } from '../operation.ts';
import { assumed, bootModes, statusOf } from './image-words.ts';
import { renderTags } from './tag-parameters.ts';

/** What makes images that are not ready, by image. */
interface Makers {
  readonly copies: ReadonlyMap<string, Copy>;
  readonly imports: ReadonlyMap<string, Task>;
}

/** How far an image is that is being made is asked for only where there is one: most lists have none. */
export async function viewImages(context: AppContext, caller: Caller, images: readonly Image[]): Promise<Answer[]> {
  const makers = await findMakers(context, caller, images);
  return images.map((image) => view(image, caller, makers));
}

async function findMakers(context: AppContext, caller: Caller, images: readonly Image[]): Promise<Makers> {
  const unready = images.filter(({ state, accountId }) => !isReadable(state) && accountId === caller.accountId);
  const copied = unready.filter(({ sourceImageId }) => sourceImageId !== null).map(({ id }) => id);
  const imported = unready.filter(({ sourceImageId }) => sourceImageId === null).map(({ id }) => id);
  const copies = copied.length === 0 ? none : await findCopiesInto(context, caller, copied);
  const imports = imported.length === 0 ? none : await findImportsInto(context, caller, imported);
  return { copies, imports };
}

const none = new Map<string, never>();

function view(image: Image, caller: Caller, { copies, imports }: Makers): Answer {
  const { attributes } = image;
  const { osType, architecture, cloudInit } = { ...assumed, ...attributes };
  const isOwn = image.accountId === caller.accountId;
  const system = image.disks.find(({ role }) => role === 'system') ?? image.disks[0];
  const platform = attributes.platform ?? (osType === 'linux' ? 'Others Linux' : 'Others Windows');
  const bits = architecture === 'i386' ? 32 : 64;
  const bootMode = attributes.bootMode ?? (architecture === 'arm64' ? 'uefi' : 'bios');
  const copy = copies.get(image.id);
  const task = imports.get(image.id);
  return {
    ImageId: image.aliyunId,
    ImageName: image.name,
    Description: image.description,
    ImageFamily: attributes.family ?? '',
    ImageVersion: attributes.version ?? '',
    CreationTime: toSecond(image.createdAt),
    Status: statusOf[image.state],
    Progress: `${progressOf(image, copy ?? task)}%`,
    Usable: isReadable(image.state),
    Size: system === undefined ? 0 : inGiB(system.size),
    Architecture: architecture,
    BootMode: bootModes[bootMode],
    OSType: osType,
    OSName: `${platform} ${bits}位`,
    OSNameEn: `${platform} ${bits} bit`,
    Platform: platform,
    LicenseType: attributes.licenseType ?? '',
    IsCopied: image.sourceImageId !== null,
    IsPublic: image.visibility === 'public',
    // With whom somebody else shares his image is his affair.
    IsSelfShared: isOwn ? (image.visibility === 'shared' ? 'True' : 'False') : '',
    IsSubscribed: false,
    IsSupportCloudinit: cloudInit,
    IsSupportIoOptimized: true,
    LoginAsNonRootSupported: false,
    ImageOwnerAlias: isOwn ? 'self' : 'others',
    ImageOwnerId: image.accountNumber,
    ResourceGroupId: (isOwn ? image.resourceGroupAliyunId : null) ?? '',
    ProductCode: '',
    SupplierName: image.visibility === 'public' ? image.accountName : '',
    Usage: 'none',
    DiskDeviceMappings: { DiskDeviceMapping: mappings(image, isOwn, copy, task) },
    // Tags are the account's own language.
    Tags: renderTags(isOwn ? image.tags : {}),
    Features: {
      NvmeSupport: attributes.nvmeSupport ? 'supported' : 'unsupported',
      ImdsSupport: attributes.imdsSupport ?? 'v1',
      // Filters say the same (`describe-images.ts`).
      CpuOnlineUpgrade: 'unsupported',
      CpuOnlineDowngrade: 'unsupported',
      MemoryOnlineUpgrade: 'unsupported',
      MemoryOnlineDowngrade: 'unsupported',
    },
  };
}

function mappings(image: Image, isOwn: boolean, copy: Copy | undefined, task: Task | undefined): Answer[] {
  const isCopied = image.sourceImageId !== null && isReadable(image.state);
  let before = 0;
  return image.disks.map((disk) => {
    const from = task?.objects.find(({ index }) => index === disk.index);
    const mapping = {
      Device: deviceOf(disk),
      Type: disk.role,
      Size: `${inGiB(disk.size)}`,
      Format: disk.format?.toUpperCase() ?? '',
      SnapshotId: isOwn ? disk.snapshot.aliyunId : '',
      ImportOSSBucket: from?.bucket ?? '',
      ImportOSSObject: from?.object ?? '',
      // An encrypting copy that has stored no bytes yet counts.
      Encrypted: disk.key !== null || (copy !== undefined && isEncrypting(copy)),
      ...(copy === undefined ? { Progress: isCopied ? '100%' : '' } : progressOfDisk(copy, disk, before)),
    };
    before += disk.size;
    return mapping;
  });
}

/** Disks are copied one after the other, so those that are done, the one in work and those that wait follow from the copy's bytes. */
function progressOfDisk(copy: Copy, { size }: Disk, before: number): Answer {
  const { bytesDone } = copy.progress;
  const ownDone = Math.min(Math.max(0, bytesDone - before), size);
  const own = { ...copy, progress: { ...copy.progress, bytesDone: ownDone, bytesTotal: size } };
  const untilHere = { ...copy, progress: { ...copy.progress, bytesTotal: before + size } };
  return { Progress: `${percentDone(own)}%`, RemainTime: secondsRemaining(untilHere) ?? undefined };
}

/** `/dev/xvda` to `/dev/xvdz`, then `/dev/xvdaa`. */
function deviceOf({ index }: Disk): string {
  return `/dev/xvd${diskLetters(index)}`;
}
