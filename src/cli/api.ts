/** What the native API says, version 1 (docs/native-api.md): the JSON, field for field. */
import type { CopyFailure } from '../domain/copy.ts';
import type { DiskFormat, DiskRole, ImageIds, ImageKind, RootDevice, Snapshot } from '../domain/image.ts';
import type { CopyState, ImageState } from '../domain/states.ts';

export interface ApiStatus {
  readonly version: string;
  readonly dataDirectory: string;
  readonly database: { readonly version: string; readonly embedded: boolean };
  readonly regions: readonly string[];
  readonly uptimeSeconds: number;
}

export interface ApiRegion {
  readonly id: string;
  readonly images: number;
  readonly packs: number;
  readonly storedBytes: number;
  readonly condemnedPacks: number;
  readonly condemnedBytes: number;
}

export interface ApiDisk {
  readonly index: number;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
  readonly size: number;
  readonly dataBytes: number | null;
  readonly digest: string | null;
  readonly snapshot: Snapshot;
}

export interface ApiImage extends ImageIds {
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  readonly state: ImageState;
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceImageId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly disks: readonly ApiDisk[];
}

export interface ApiNewImage {
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly kind?: ImageKind;
  readonly tags?: Readonly<Record<string, string>>;
  readonly disks: readonly { readonly role: DiskRole; readonly format?: DiskFormat; readonly size: number }[];
}

export interface ApiCopy {
  readonly id: string;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly destinationImageId: string;
  readonly destinationRegion: string;
  readonly state: CopyState;
  readonly percent: number;
  readonly bytesTotal: number;
  readonly bytesDone: number;
  readonly bytesMoved: number;
  readonly bytesPerSecond: number;
  readonly secondsRemaining: number | null;
  readonly queuePosition: number | null;
  readonly attempts: number;
  readonly failure: CopyFailure | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface ApiNewCopy {
  readonly image: string;
  readonly region: string;
  readonly name?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ApiCollection {
  readonly region: string;
  readonly packsRemoved: number;
  readonly bytesFreed: number;
  readonly packsWaiting: number;
  readonly bytesWaiting: number;
  readonly strayBlobs: number;
}

export interface ApiVerification {
  readonly disksChecked: number;
  readonly bytesChecked: number;
  readonly damage: readonly {
    readonly image: string;
    readonly disk: number;
    readonly offset: number;
    readonly message: string;
  }[];
}

/** RFC 9457, with Mimeo's `code` and the facts of the error as further members. */
export interface ApiProblem {
  readonly code: string;
  readonly title: string;
  readonly [fact: string]: unknown;
}
