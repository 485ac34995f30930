/**
 * A disk stored again under other keys, in its own region or another: encrypted, encrypted with another data key, or no longer
 * encrypted. It is read and verified (R1), cut anew and stored as an upload is, so an attempt that was killed leaves what is
 * durable in the log, and the next one reads its source from there. What is not sealed is in memory alone, and bounded: the
 * batches that `lanes` readers hold, and the segments of as many writers.
 */
import type { DiskKeys } from '../store/disk-keys.ts';
import { type CutParameters, footerDigest, ManifestError, type ManifestSummary } from '../store/manifest-format.ts';
import type { SegmentLog } from '../store/segment-log.ts';
import { wholeDisk } from './batches.ts';
import type { CopyDiskOptions } from './copy-disk.ts';
import { ingestDisk } from './ingest-disk.ts';
import { readDisk } from './read-disk.ts';
import { sealDisk } from './seal-disk.ts';
import type { DiskStream } from './segments.ts';
import { openStoredDisk } from './stored-disk.ts';

export interface RekeyDiskOptions extends CopyDiskOptions {
  /** What the new disk is stored with: like its manifest, its log and its cut, the same in every attempt. */
  readonly keys: DiskKeys;
  readonly cut: CutParameters;
  /** Of the new disk. */
  readonly log: SegmentLog;
}

/**
 * Resolves when packs and manifest are durable at the destination, which may be the source's own store. Once this has rejected,
 * nothing of it is still writing.
 */
export async function rekeyDisk(options: RekeyDiskOptions): Promise<ManifestSummary> {
  const { source, destination: store, log, settings, cut, onProgress, signal } = options;
  const { summary } = await openStoredDisk(source, signal);
  const { size } = summary;
  const from = await endOf(log, signal);
  onProgress(from, 0);
  const onFetched = (bytes: number) => onProgress(0, bytes);
  const read = readDisk({ ...options, disk: source, onFetched, givesBack: true }, { ...wholeDisk, start: from });
  const runs = counted(read, { from, size }, onProgress);
  await ingestDisk({ ...options, disk: { size, from, runs }, store, settings: { ...settings, cut } });

  // Proven by now, since the source's manifest was read to its end: so the whole log is held to it, whichever attempt wrote it.
  const checkDigest = (digest: Uint8Array) => {
    if (Buffer.compare(footerDigest(digest, source.keys.sealing), summary.digest) !== 0)
      throw new ManifestError('the disk under other keys has another digest than its source');
  };
  return await sealDisk({ ...options, size, store, checkDigest });
}

/** The same runs; what lies between them is dealt with as well when the next one is. */
async function* counted(
  runs: DiskStream['runs'],
  { from, size }: { readonly from: number; readonly size: number },
  onProgress: (done: number, moved: number) => void,
): DiskStream['runs'] {
  let end = from;
  for await (const run of runs) {
    yield run;
    onProgress(run.offset + run.bytes.length - end, 0);
    end = run.offset + run.bytes.length;
  }
  onProgress(size - end, 0);
}

async function endOf(log: SegmentLog, signal: AbortSignal): Promise<number> {
  let end = 0;
  for await (const { position, length } of log.segments()) {
    signal.throwIfAborted();
    end = position + length;
  }
  return end;
}
