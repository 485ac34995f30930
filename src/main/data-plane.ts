/** The use cases' data plane, made of `src/transfer` and this process's stores and threads. */
import type { DataPlane, DiskAddress } from '../app/data-plane.ts';
import { FailureError } from '../domain/failure.ts';
import { BlobError } from '../store/blob-store.ts';
import { ManifestGoneError } from '../store/chunk-index.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import type { StoreLedger } from '../store/store-ledger.ts';
import { collect } from '../transfer/collect.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';
import { countMissing } from '../transfer/count-missing.ts';
import { diskKeysOf } from '../transfer/disk-keys.ts';
import { asFailure } from '../transfer/failures.ts';
import { ingestDisk } from '../transfer/ingest-disk.ts';
import { readDisk } from '../transfer/read-disk.ts';
import { sealDisk } from '../transfer/seal-disk.ts';
import { sealedCut, type TransferSettings } from '../transfer/settings.ts';
import type { StoredDisk } from '../transfer/stored-disk.ts';
import { verifyDisk } from '../transfer/verify-disk.ts';

export interface DataPlaneParts {
  readonly stores: ReadonlyMap<string, RegionStore>;
  readonly ledgers: ReadonlyMap<string, StoreLedger>;
  readonly segmentLog: (manifestId: string, attempt: number) => SegmentLog;
  readonly chunkKey: (accountId: string) => Uint8Array;
  readonly compute: ComputePool;
  readonly settings: TransferSettings;
}

export function createDataPlane(parts: DataPlaneParts): DataPlane {
  const { stores, ledgers, segmentLog, chunkKey, compute, settings } = parts;

  function ofRegion<Part>(map: ReadonlyMap<string, Part>, region: string): Part {
    const part = map.get(region);
    if (part === undefined) throw new FailureError('store-unavailable', `region ${region} is not configured here`);
    return part;
  }

  function keysOf({ accountId, dataKey }: Pick<DiskAddress, 'accountId' | 'dataKey'>) {
    return diskKeysOf(dataKey, chunkKey(accountId));
  }

  function stored({ region, accountId, dataKey, manifestId, root, image, disk }: DiskAddress): StoredDisk {
    return { store: ofRegion(stores, region), manifestId, root, keys: keysOf({ accountId, dataKey }), image, disk };
  }

  return {
    cut: settings.cut,
    sealedCut: sealedCut(settings.cut),
    async ingest({ region, accountId, dataKey, manifestId, attempt, size, cut, signal }, part) {
      await inWords(
        ingestDisk({
          disk: { size, ...part },
          store: ofRegion(stores, region),
          manifestId,
          log: segmentLog(manifestId, attempt),
          keys: keysOf({ accountId, dataKey }),
          compute,
          settings: { ...settings, cut },
          signal,
        }),
      );
    },
    async seal({ region, accountId, dataKey, manifestId, attempt, size, cut, signal }) {
      const log = segmentLog(manifestId, attempt);
      const keys = keysOf({ accountId, dataKey });
      return await inWords(sealDisk({ size, cut, log, keys, store: ofRegion(stores, region), manifestId, signal }));
    },
    read(address, signal, range) {
      const disk = stored(address);
      const alternates = [...stores.values()].filter((store) => store !== disk.store);
      return readDisk({ disk, alternates, compute, settings, signal }, range);
    },
    async countMissing(address, region, signal) {
      return await inWords(countMissing(stored(address), ofRegion(stores, region).index, signal));
    },
    verify: (address, signal) => verifyDisk({ disk: stored(address), compute, settings, signal }),
    async collect(region, request) {
      const { blobs } = ofRegion(stores, region);
      return await inWords(collect({ blobs, ledger: ofRegion(ledgers, region), ...request }));
    },
  };
}

/** What the store does becomes a failure of the domain; what the caller's own stream throws stays what it is. */
async function inWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BlobError) throw asFailure(error);
    if (error instanceof ManifestGoneError)
      throw new FailureError('source-gone', 'the image was deleted meanwhile', { cause: error });
    throw error;
  }
}
