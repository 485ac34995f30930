/**
 * Removes the bytes of condemned blobs once their grace time is over, those that no reader can have known at once, and blobs
 * that no row names. D1 goes blob, then row:
 * a crash in between leaves a row whose blob is gone, and the next run ends it.
 */

import { blobPrefixes } from '../store/blob-keys.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { StoreLedger } from '../store/store-ledger.ts';

export interface CollectOptions {
  readonly blobs: BlobStore;
  readonly ledger: StoreLedger;
  /** Condemned before this moment (epoch milliseconds) means that the grace time is over. */
  readonly condemnedBefore: number;
  /** Also looks for blobs that no row names, which takes a walk through the whole store. */
  readonly strays: boolean;
  /** Only counts. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface Collected {
  readonly blobsRemoved: number;
  readonly bytesFreed: number;
  /** Condemned, but still in their grace time. */
  readonly blobsWaiting: number;
  readonly bytesWaiting: number;
  /** Removed blobs that no row named. */
  readonly strayBlobs: number;
}

/** Rows looked up at once. */
const batchKeys = 1000;

export async function collect(options: CollectOptions): Promise<Collected> {
  const { blobs, ledger, condemnedBefore, dryRun, signal } = options;
  const counts = { blobsRemoved: 0, bytesFreed: 0, blobsWaiting: 0, bytesWaiting: 0, strayBlobs: 0 };
  for (const { key, size, condemnedAt, published } of await ledger.condemned()) {
    signal.throwIfAborted();
    if (published && condemnedAt >= condemnedBefore) {
      counts.blobsWaiting += 1;
      counts.bytesWaiting += size;
      continue;
    }
    if (!dryRun) {
      await blobs.remove(key);
      await ledger.forget(key);
    }
    counts.blobsRemoved += 1;
    counts.bytesFreed += size;
  }
  if (!options.strays) return counts;
  for await (const stray of strays(blobs, ledger, signal)) {
    if (!dryRun) await blobs.remove(stray.key);
    counts.strayBlobs += 1;
    counts.bytesFreed += stray.size;
  }
  return counts;
}

/**
 * Blobs without a row. No timing is needed to be sure: a writer's row is committed before its blob appears (`reservePack`,
 * the pending manifest), so a blob that was listed before its row was looked for in vain is garbage.
 */
async function* strays(
  blobs: BlobStore,
  ledger: StoreLedger,
  signal: AbortSignal,
): AsyncGenerator<{ key: string; size: number }> {
  let listed: { key: string; size: number }[] = [];
  for (const prefix of blobPrefixes) {
    for await (const blob of blobs.list(prefix)) {
      signal.throwIfAborted();
      listed.push(blob);
      if (listed.length === batchKeys) {
        yield* unknown(listed, ledger);
        listed = [];
      }
    }
  }
  yield* unknown(listed, ledger);
}

async function* unknown(
  listed: readonly { key: string; size: number }[],
  ledger: StoreLedger,
): AsyncGenerator<{ key: string; size: number }> {
  const known = await ledger.known(listed.map(({ key }) => key));
  yield* listed.filter(({ key }) => !known.has(key));
}
