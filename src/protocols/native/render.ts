/** Images and copies as the native API shows them: times in ISO 8601, sizes in bytes. */
import { z } from 'zod';
import { type Copy, percentDone, secondsRemaining } from '../../domain/copy.ts';
import {
  diskFormats,
  diskRoles,
  type Image,
  imageKinds,
  isEncrypted,
  rootDevices,
  visibilities,
} from '../../domain/image.ts';
import {
  architectures,
  bootModes,
  type ImageAttributes,
  imdsVersions,
  osTypes,
  osWidths,
} from '../../domain/image-attributes.ts';
import { copyStates, imageStates } from '../../domain/states.ts';
import { text } from './input.ts';

export const uuid = z.uuid().meta({ id: 'Uuid' });
export const time = z.iso.datetime().meta({ id: 'Time', description: 'ISO 8601, in UTC.' });
export const bytes = z.int().min(0);

export function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

export function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : timeOf(epochMs);
}

export const accountNumber = z
  .string()
  .regex(/^\d{16}$/)
  .meta({ description: 'Sixteen digits, to give to others.' });

/** An account as others see it. */
export const accountName = z
  .strictObject({ id: uuid, name: z.string(), number: accountNumber })
  .meta({ id: 'AccountName', description: 'An account as others see it.' });

export const snapshotIds = z
  .strictObject({ id: uuid, aliyunId: z.string(), jdcloudId: z.string() })
  .meta({ id: 'SnapshotIds', description: 'The names of the snapshot that holds the bytes.' });

const disk = z
  .strictObject({
    index: z.int().min(0),
    role: z.enum(diskRoles),
    format: z.enum(diskFormats).nullable().meta({ description: 'Null until it is found from the bytes.' }),
    size: bytes,
    dataBytes: bytes.nullable().meta({ description: 'Bytes outside runs of zeros; null until the disk is stored.' }),
    digest: z
      .string()
      .nullable()
      .meta({ description: 'Of the whole disk, hexadecimal; null until it is stored, and of an encrypted disk.' }),
    key: uuid.nullable().meta({ description: "That it is encrypted with; null on another account's image." }),
    snapshot: snapshotIds,
  })
  .meta({ id: 'Disk' });

export const imageAttributes = z.strictObject({
  family: text.nullable().meta({ description: 'Images of one family are versions of each other.' }),
  version: text.nullable(),
  osType: z.enum(osTypes).nullable(),
  platform: text.nullable().meta({ description: 'The distribution or edition: `Debian`, `Windows Server 2022`.' }),
  osVersion: text.nullable().meta({ description: 'Both in one: `CentOS 7.3 64bit`.' }),
  osBits: z.literal(osWidths).nullable(),
  architecture: z.enum(architectures).nullable(),
  bootMode: z.enum(bootModes).nullable(),
  licenseType: text.nullable(),
  nvmeSupport: z.boolean().nullable(),
  imdsSupport: z.enum(imdsVersions).nullable(),
  cloudInit: z.boolean().nullable(),
  minDiskGiB: z.int().min(0).nullable().meta({ description: 'What an instance made from it needs at least.' }),
  minRamMiB: z.int().min(0).nullable(),
  maxRamMiB: z.int().min(0).nullable(),
});

export const imageSchema = z
  .strictObject({
    id: uuid,
    aliyunId: z.string(),
    jdcloudId: z.string(),
    owner: accountName,
    region: z.string(),
    projectId: uuid
      .nullable()
      .meta({ description: "Null on another account's image, as is all that is its own affair." }),
    resourceGroupId: uuid.nullable(),
    name: z.string(),
    description: z.string(),
    kind: z.enum(imageKinds),
    rootDevice: z.enum(rootDevices),
    attributes: imageAttributes.meta({ description: 'What is said of the system in it; null: nobody has said.' }),
    properties: z.record(z.string(), z.string()).meta({ description: 'What clients keep with it.' }),
    state: z.enum(imageStates),
    visibility: z.enum(visibilities),
    protected: z.boolean().meta({ description: 'It cannot be deleted.' }),
    tags: z.record(z.string(), z.string()),
    sourceImageId: uuid.nullable().meta({ description: 'What it was copied from.' }),
    revision: z.int().min(1).meta({ description: 'Counts up with every change; the entity tag.' }),
    createdAt: time,
    updatedAt: time,
    encrypted: z.boolean().meta({ description: 'Any of its disks is; each says with which key.' }),
    disks: z.array(disk),
  })
  .meta({ id: 'Image' });

/** The owner's own affairs, where it keeps the image and what it says of it to itself, are not shown to others. */
const untold = { projectId: null, resourceGroupId: null, sourceImageId: null, tags: {} };

/** As the caller sees it. */
export function renderImage(image: Image, caller: Pick<Image, 'accountId'>): z.input<typeof imageSchema> {
  const { accountId, accountName, accountNumber, resourceGroupAliyunId: _group, ...described } = image;
  const { attributes, properties, disks, createdAt, updatedAt, ...shown } = described;
  const isOwn = accountId === caller.accountId;
  return {
    ...shown,
    attributes: renderAttributes(attributes),
    properties: { ...properties },
    tags: { ...shown.tags },
    ...(isOwn ? {} : untold),
    owner: { id: accountId, name: accountName, number: String(accountNumber) },
    encrypted: isEncrypted(image),
    disks: disks.map((each) => ({ ...each, key: isOwn ? each.key : null, snapshot: { ...each.snapshot } })),
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
  };
}

function renderAttributes(attributes: ImageAttributes): z.input<typeof imageAttributes> {
  const { family = null, version = null, osType = null, platform = null, architecture = null } = attributes;
  const { bootMode = null, licenseType = null, nvmeSupport = null, imdsSupport = null, cloudInit = null } = attributes;
  const { osVersion = null, osBits = null, minDiskGiB = null, minRamMiB = null, maxRamMiB = null } = attributes;
  const system = { family, version, osType, platform, osVersion, osBits, architecture, bootMode };
  return { ...system, licenseType, nvmeSupport, imdsSupport, cloudInit, minDiskGiB, minRamMiB, maxRamMiB };
}

export const copySchema = z
  .strictObject({
    id: uuid,
    request: z.string().nullable().meta({ description: 'What was asked for together.' }),
    retryOf: uuid.nullable(),
    sourceImageId: uuid,
    sourceRegion: z.string(),
    destinationImageId: uuid,
    destinationRegion: z.string(),
    encryption: z.string().meta({ description: "A key's id; `none`; or `same`: as the source's disks are." }),
    state: z.enum(copyStates),
    percent: z.int().min(0).max(100),
    bytesTotal: bytes,
    bytesDone: bytes,
    bytesMoved: bytes.meta({ description: "Stored bytes that went from one region's store to the other's." }),
    bytesPerSecond: bytes,
    secondsRemaining: z.int().nullable(),
    queuePosition: z.int().nullable().meta({ description: '1 starts next; null when it does not wait.' }),
    attempts: z.int(),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Copy' });

export function renderCopy(copy: Copy): z.input<typeof copySchema> {
  const {
    accountId: _account,
    policy: _policy,
    requestedBy: _user,
    agency: _agency,
    wishes: _wishes,
    progress,
    createdAt,
    startedAt,
    finishedAt,
    ...shown
  } = copy;
  return {
    ...shown,
    ...progress,
    percent: percentDone(copy),
    secondsRemaining: secondsRemaining(copy),
    createdAt: timeOf(createdAt),
    startedAt: timeOrNull(startedAt),
    finishedAt: timeOrNull(finishedAt),
  };
}
