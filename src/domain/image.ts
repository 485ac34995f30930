/**
 * Images and what they are made of, in the words every dialect translates from and to. Pure data: no state is
 * changed here (see `states.ts`), nothing is looked up.
 */
import { inGiB } from '../lib/gibibytes.ts';
import type { ImageAttributes } from './image-attributes.ts';
import type { ImageState } from './states.ts';

/** What an image boots or holds. Huawei: system / data / whole image; Alibaba and JD: system image with data disks. */
export const imageKinds = ['system-disk', 'data-disk', 'whole-machine', 'iso'] as const;
export type ImageKind = (typeof imageKinds)[number];

/** Where an instance made from the image keeps its root file system. JD refuses to copy `local-disk` images. */
export const rootDevices = ['cloud-disk', 'local-disk'] as const;
export type RootDevice = (typeof rootDevices)[number];

export const diskRoles = ['system', 'data'] as const;
export type DiskRole = (typeof diskRoles)[number];

/** How a disk's bytes are laid out. Mimeo stores and returns the bytes as they came; it never converts them. */
export const diskFormats = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx', 'iso'] as const;
export type DiskFormat = (typeof diskFormats)[number];

/** Who sees an image: its account alone, also the accounts that it is shared with, or everybody. */
export const visibilities = ['private', 'shared', 'public'] as const;
export type Visibility = (typeof visibilities)[number];

/** The three names of one image (design §3): each unique, each shown only by the dialect it belongs to. */
export interface ImageIds {
  /** UUID; Huawei's and the native API's name. */
  readonly id: string;
  /** `m-` and 20 lower-case letters or digits. */
  readonly aliyunId: string;
  /** `img-` and 10 lower-case letters or digits. */
  readonly jdcloudId: string;
}

/** The three names of one snapshot, as {@link ImageIds} are an image's. */
export interface SnapshotIds {
  readonly id: string;
  /** `s-` and 20 lower-case letters or digits. */
  readonly aliyunId: string;
  /** `snapshot-` and 10 lower-case letters or digits. */
  readonly jdcloudId: string;
}

/** 64 TiB, the largest disk that any of the clouds knows. */
export const maxDiskBytes = 64 * 1024 ** 4;

export interface Disk {
  /** 0 is the system disk of an image that has one; data disks follow. */
  readonly index: number;
  readonly role: DiskRole;
  /** Null until it is known from the bytes. */
  readonly format: DiskFormat | null;
  /** Bytes of the disk as it was uploaded, holes included. */
  readonly size: number;
  /** Bytes that are not in a run of zeros; known once the disk is stored. */
  readonly dataBytes: number | null;
  /**
   * Digest of the whole disk (docs/formats.md, "Disk digest"), hexadecimal; known once the disk is stored. None of an encrypted
   * one: it would tell whoever has the same disk that this is it.
   */
  readonly digest: string | null;
  /** Id of the key that it is encrypted with, null where it is not; that of a copy is known once bytes of it are stored. */
  readonly key: string | null;
  /** What holds its bytes (snapshot.ts). */
  readonly snapshot: SnapshotIds;
}

export interface Image extends ImageIds {
  readonly accountId: string;
  /** The owner's name. */
  readonly accountName: string;
  /** The owner's sixteen digits. */
  readonly accountNumber: number;
  readonly region: string;
  /** The part of the region that it lies in, by default the account's default project. */
  readonly projectId: string;
  readonly resourceGroupId: string | null;
  /** Alibaba Cloud's id of the same group: `rg-` and 15 lower-case letters or digits. */
  readonly resourceGroupAliyunId: string | null;
  readonly name: string;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  readonly attributes: ImageAttributes;
  /** What clients keep with it (`image-properties.ts`). */
  readonly properties: Readonly<Record<string, string>>;
  readonly state: ImageState;
  readonly visibility: Visibility;
  /** It cannot be deleted. */
  readonly protected: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly disks: readonly Disk[];
  /** The image this one was copied from, null when it was uploaded. */
  readonly sourceImageId: string | null;
  /** Counts up with every change. */
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}

/** Bytes of all disks together, holes included. */
export function sizeOf({ disks }: Pick<Image, 'disks'>): number {
  return disks.reduce((sum, { size }) => sum + size, 0);
}

/** Of a copy it is known once bytes of it are stored. */
export function isEncrypted({ disks }: Pick<Image, 'disks'>): boolean {
  return disks.some(({ key }) => key !== null);
}

/** GiB that a machine made from it needs: what is said of it, else as its first disk measures, and one at least. */
export function minDiskOf({ attributes, disks }: Pick<Image, 'attributes' | 'disks'>): number {
  return attributes.minDiskGiB ?? Math.max(1, inGiB(disks[0]?.size ?? 0));
}
