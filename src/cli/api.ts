/** What the native API says, version 1 (docs/native-api.md): the JSON, field for field. */
import type { CopyFailure } from '../domain/copy.ts';
import type {
  DiskFormat,
  DiskRole,
  ImageIds,
  ImageKind,
  RootDevice,
  SnapshotIds,
  Visibility,
} from '../domain/image.ts';
import type { AttributeChanges } from '../domain/image-attributes.ts';
import type { CopyState, ImageState } from '../domain/states.ts';

export interface ApiStatus {
  readonly version: string;
  readonly dataDirectory: string;
  readonly database: { readonly version: string; readonly embedded: boolean };
  readonly regions: readonly string[];
  readonly uptimeSeconds: number;
}

/** Null is what only those who run the installation are told. */
export interface ApiRegion {
  readonly id: string;
  readonly images: number | null;
  readonly packs: number | null;
  readonly storedBytes: number | null;
  readonly condemnedPacks: number | null;
  readonly condemnedBytes: number | null;
}

export interface ApiDisk {
  readonly index: number;
  readonly role: DiskRole;
  readonly format: DiskFormat | null;
  readonly size: number;
  readonly dataBytes: number | null;
  readonly digest: string | null;
  /** Null where it is not encrypted, and on another account's image. */
  readonly key: string | null;
  readonly snapshot: SnapshotIds;
}

/** An account as others see it. */
export interface ApiAccountName {
  readonly id: string;
  readonly name: string;
  readonly number: string;
}

export interface ApiImage extends ImageIds {
  readonly owner: ApiAccountName;
  readonly region: string;
  /** Null on another account's image. */
  readonly projectId: string | null;
  readonly resourceGroupId: string | null;
  readonly name: string;
  readonly description: string;
  readonly kind: ImageKind;
  readonly rootDevice: RootDevice;
  /** Null is what nobody has said. */
  readonly attributes: AttributeChanges;
  readonly state: ImageState;
  readonly visibility: Visibility;
  readonly protected: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceImageId: string | null;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly encrypted: boolean;
  readonly disks: readonly ApiDisk[];
}

export interface ApiNewImage {
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly kind?: ImageKind;
  readonly rootDevice?: RootDevice;
  readonly attributes?: AttributeChanges;
  readonly project?: string;
  readonly resourceGroup?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly encryption?: string;
  readonly disks: readonly { readonly role: DiskRole; readonly format?: DiskFormat; readonly size: number }[];
}

export interface ApiImageChange {
  readonly name?: string;
  readonly description?: string;
  /** What is left out stays; null takes it away. */
  readonly attributes?: AttributeChanges;
  /** All of them: those that are not here are removed. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly protected?: boolean;
  readonly deprecated?: boolean;
  readonly visibility?: Visibility;
  readonly resourceGroup?: string | null;
}

export interface ApiCopy {
  readonly id: string;
  /** What the copies of one request have in common. */
  readonly request: string | null;
  readonly retryOf: string | null;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly destinationImageId: string;
  readonly destinationRegion: string;
  readonly encryption: string;
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

export interface ApiNewCopies {
  readonly images: readonly string[];
  readonly regions: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly project?: string;
  readonly resourceGroup?: string;
  readonly agency?: string;
  readonly encryption?: string;
}

export interface ApiCopyRequest {
  readonly request: string;
  readonly copies: readonly ApiCopy[];
}

export interface ApiCopyPlan {
  readonly allowed: boolean;
  readonly items: readonly ApiPlannedCopy[];
}

export interface ApiPlannedCopy {
  readonly image: string;
  readonly region: string;
  readonly allowed: boolean;
  readonly verdicts: readonly { readonly rule: string; readonly allowed: boolean; readonly problem?: ApiProblem }[];
  /** Null where the caller may not know. */
  readonly bytesTotal: number | null;
  /** What the destination lacks now; null where that can't be told. */
  readonly bytesToMove: number | null;
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
  readonly disksLocked: number;
  readonly damage: readonly {
    /** Null for a snapshot that no image stands on. */
    readonly image: string | null;
    readonly snapshot: string;
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
