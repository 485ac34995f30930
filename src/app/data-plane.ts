/**
 * What the use cases need of the data plane when a request itself brings or takes a disk's bytes. Main makes it from
 * `src/transfer`, which the use cases do not know.
 */
import type { UploadCut } from '../db/uploads.ts';
import type { DamageError } from '../domain/failure.ts';
import type { OpenDataKey } from '../kms/data-key.ts';

/** Runs of a disk's data in ascending order; what lies between them is zeros. */
export type DiskRuns = AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>;

/** A part of a disk, without its end. */
export interface DiskRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredManifest {
  readonly root: Uint8Array;
  readonly digest: Uint8Array;
  readonly dataBytes: number;
}

export interface DiskAddress {
  readonly region: string;
  /** Whose key the chunk ids are made with, unless the disk is encrypted. */
  readonly accountId: string;
  /** Null where the disk is not encrypted. */
  readonly dataKey: OpenDataKey | null;
  readonly manifestId: string;
  readonly root: Uint8Array;
  /** What messages call the disk. */
  readonly image: string;
  readonly disk: number;
}

export interface StoreCounts {
  readonly blobsRemoved: number;
  readonly bytesFreed: number;
  readonly blobsWaiting: number;
  readonly bytesWaiting: number;
  readonly strayBlobs: number;
}

export interface CollectRequest {
  /** Epoch milliseconds; what was condemned before has had its grace time. */
  readonly condemnedBefore: number;
  /** Also looks for blobs that no row names. */
  readonly strays: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** An attempt to fill a disk under a pending manifest. */
export interface DiskUpload {
  readonly region: string;
  readonly accountId: string;
  /** Null where the disk is not to be encrypted. */
  readonly dataKey: OpenDataKey | null;
  readonly manifestId: string;
  readonly attempt: number;
  readonly size: number;
  readonly cut: UploadCut;
  readonly signal: AbortSignal;
}

/** What a request brings of a disk. */
export interface DiskPart {
  /** Where it begins: a whole number of segments. */
  readonly from: number;
  /** More will follow: bytes at the end that do not fill a segment are not kept. */
  readonly isPartial: boolean;
  readonly runs: DiskRuns;
}

export interface DataPlane {
  /** What new uploads are cut with. */
  readonly cut: UploadCut;
  /** What new uploads of encrypted disks are cut with. */
  readonly sealedCut: UploadCut;
  /**
   * Stores a part of a disk and logs it. Durable when it resolves, and as far as it had come when the runs break off. Throws
   * what the runs throw, and `FailureError` for what the store does.
   */
  ingest(upload: DiskUpload, part: DiskPart): Promise<void>;
  /** Writes the manifest of a disk that is all in the log; durable when it resolves. */
  seal(upload: DiskUpload): Promise<StoredManifest>;
  /** The disk's data, or that of a range, every byte verified (R1); throws `DamageError` at the first that cannot be given. */
  read(disk: DiskAddress, signal: AbortSignal, range?: DiskRange): DiskRuns;
  /** Stored bytes of the disk that the region lacks now. */
  countMissing(disk: DiskAddress, region: string, signal: AbortSignal): Promise<number>;
  /** Every damaged place of the disk in its own region's store. */
  verify(disk: DiskAddress, signal: AbortSignal): AsyncIterable<DamageError>;
  collect(region: string, request: CollectRequest): Promise<StoreCounts>;
}
