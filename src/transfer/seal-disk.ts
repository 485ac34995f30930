/** Writes the manifest of a disk whose segments are all in its upload's log: the same one, however they came there. */
import { manifestKey } from '../store/blob-keys.ts';
import { BlobError } from '../store/blob-store.ts';
import type { DiskKeys } from '../store/disk-keys.ts';
import { hashBytes } from '../store/hash.ts';
import {
  type CutParameters,
  footerDigest,
  type ManifestEntry,
  type ManifestSummary,
} from '../store/manifest-format.ts';
import { createManifestWriter } from '../store/manifest-writer.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { LoggedSegment, SegmentLog } from '../store/segment-log.ts';
import { createDiskDigest } from './disk-digest.ts';
import { sealedLog } from './sealed-log.ts';

export interface SealOptions {
  readonly size: number;
  /** What all the segments were cut with. */
  readonly cut: CutParameters;
  readonly log: SegmentLog;
  /** What all the segments were stored with. */
  readonly keys: DiskKeys;
  readonly store: RegionStore;
  readonly manifestId: string;
  /** Told the disk digest before the manifest is whole; what it throws keeps the manifest from being put. */
  readonly checkDigest?: (digest: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** Resolves when the manifest is durable; the caller makes it live (W3) or drops it. */
export async function sealDisk(options: SealOptions): Promise<ManifestSummary> {
  const { store, manifestId, signal } = options;
  let summary: ManifestSummary | undefined;
  const manifest = () => manifestOf(options, (done) => (summary = done));
  try {
    await store.blobs.put(manifestKey(manifestId), manifest(), { signal });
  } catch (error) {
    // An earlier attempt put it, from the same log, and fell before it could say so.
    if (!(error instanceof BlobError && error.kind === 'exists')) throw error;
    for await (const _ of manifest()) signal.throwIfAborted();
  }
  if (summary === undefined) throw new Error('the store did not read the manifest to its end');
  return summary;
}

async function* manifestOf(
  { size, cut, log, keys, manifestId, checkDigest }: SealOptions,
  onSummary: (summary: ManifestSummary) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = createManifestWriter(size, cut, keys.sealing);
  const digest = createDiskDigest(size);
  yield writer.header;
  for await (const segment of sealedLog(log, manifestId, keys.sealing).segments()) {
    if (segment.digests.length > 0) digest.add(segment.digests);
    else digest.addZeros(segment.length);
    for (const entry of entriesOf(segment)) {
      const page = writer.add(entry);
      if (page !== undefined) yield page;
    }
  }
  const diskDigest = digest.finish();
  checkDigest?.(diskDigest);
  const { bytes, summary } = writer.finish(footerDigest(diskDigest, keys.sealing));
  yield* bytes;
  onSummary(summary);
}

/** The chunks of a segment and the zeros between them. */
function* entriesOf({ bounds, ids, length }: LoggedSegment): Generator<ManifestEntry, void, undefined> {
  let at = 0;
  for (let chunk = 0; chunk < bounds.length / 2; chunk++) {
    const start = bounds[chunk * 2] as number;
    const end = bounds[chunk * 2 + 1] as number;
    if (start > at) yield { length: start - at, id: null };
    yield { length: end - start, id: ids.subarray(chunk * hashBytes, (chunk + 1) * hashBytes) };
    at = end;
  }
  if (length > at) yield { length: length - at, id: null };
}
