/** What the job that copies an image works with. */
import type { CopyHolder } from '../db/copies.ts';
import type { Db, Trx } from '../db/database.ts';
import type { Copy } from '../domain/copy.ts';
import type { CopyPolicy, PolicyName } from '../domain/copy-policy.ts';
import type { Image } from '../domain/image.ts';
import type { Principal } from '../domain/principal.ts';
import type { RefusalError } from '../domain/refusal.ts';
import type { OpenDataKey } from '../kms/data-key.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CopyMetrics } from '../telemetry/metrics.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';
import type { TransferSettings } from '../transfer/settings.ts';
import type { Queue } from './queue.ts';

/** Whoever asked for the copy, as he stands now; what its job does has no origin. */
export interface Requester extends Principal {
  readonly origin: null;
}

/** Keys, as far as copies use them. What refuses throws `RefusalError`. */
export interface CopyKeys {
  /** Why the keys of the source, and the copy's own, cannot be used; null where they can. */
  refusal(
    trx: Trx,
    user: Requester,
    source: Image,
    region: string,
    encryption: Copy['encryption'],
  ): Promise<RefusalError | null>;
  /** Makes the data key of a disk; `attach` ties it to what it encrypts, in the same transaction. */
  make(
    user: Requester,
    disk: { readonly key: string; readonly region: string; readonly image: string; readonly disk: number },
    signal: AbortSignal,
    attach: (trx: Trx, dataKey: string) => Promise<void>,
  ): Promise<OpenDataKey>;
  /** `image`: which is read, or written. */
  open(
    user: Requester,
    dataKey: { readonly id: string; readonly image: string },
    signal: AbortSignal,
  ): Promise<OpenDataKey>;
}

export interface CopyContext {
  readonly db: Db;
  readonly queue: Queue;
  /** The dialects' rules; a copy names its own. */
  readonly policies: ReadonlyMap<PolicyName, CopyPolicy>;
  /** By region id. */
  readonly stores: ReadonlyMap<string, RegionStore>;
  /** The region's number in the database. */
  readonly regionNumbers: ReadonlyMap<string, number>;
  readonly chunkKey: (accountId: string) => Uint8Array;
  readonly keys: CopyKeys;
  /** Of an attempt to store a disk under other keys. */
  readonly segmentLog: (manifest: string, attempt: number) => SegmentLog;
  readonly compute: ComputePool;
  readonly transfer: TransferSettings;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly metrics: CopyMetrics;
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** Attempts in all; each failure that may go away by itself costs one. */
  readonly maxAttempts: number;
}

/** One attempt of a copy. */
export interface CopyAttempt {
  readonly copy: Copy;
  readonly holder: CopyHolder;
  readonly requester: Requester;
  readonly abort: AbortController;
}
