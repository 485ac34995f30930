/**
 * What the use cases need of the data plane when a request itself brings or takes a disk's bytes. Main makes it from
 * `src/transfer`, which the use cases do not know.
 */
import type { DamageError } from '../domain/failure.ts';

/** Runs of a disk's data in ascending order; what lies between them is zeros. */
export type DiskRuns = AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>;

export interface StoredManifest {
  readonly root: Uint8Array;
  readonly digest: Uint8Array;
  readonly dataBytes: number;
}

export interface DiskAddress {
  readonly region: string;
  readonly accountId: string;
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

export interface DataPlane {
  /** Stores a disk under a pending manifest; durable when it resolves. Throws `FailureError` for what the store does. */
  ingest(request: {
    region: string;
    accountId: string;
    manifestId: string;
    size: number;
    runs: DiskRuns;
    signal: AbortSignal;
  }): Promise<StoredManifest>;
  /** The disk's data, every byte verified (R1); throws `DamageError` at the first that cannot be given. */
  read(disk: DiskAddress, signal: AbortSignal): DiskRuns;
  /** Every damaged place of the disk in its own region's store. */
  verify(disk: DiskAddress, signal: AbortSignal): AsyncIterable<DamageError>;
  collect(region: string, request: CollectRequest): Promise<StoreCounts>;
}
