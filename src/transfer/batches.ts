/** A manifest's entries in batches that are worth one look-up and a few large reads. */
import { toHex } from '../lib/hex.ts';
import type { ManifestReader } from '../store/manifest-reader.ts';

export interface BatchEntry {
  /** Where the run lies on the disk. */
  readonly offset: number;
  readonly length: number;
  /** Hexadecimal chunk id; null for zeros. */
  readonly id: string | null;
}

export interface Batch {
  readonly entries: readonly BatchEntry[];
  /** Bytes of the disk that the batch covers. */
  readonly length: number;
}

/** A part of a disk, without its end. */
export interface DiskRange {
  readonly start: number;
  readonly end: number;
}

export const wholeDisk: DiskRange = { start: 0, end: Number.POSITIVE_INFINITY };

/**
 * All entries in order, or those that a range touches, cut so that the chunks of a batch measure at most `batchBytes`
 * together, and are 4096 at most. Of what lies before the range only the manifest's pages are read, which tell where it begins.
 */
export async function* batches(
  manifest: ManifestReader,
  batchBytes: number,
  signal: AbortSignal,
  range = wholeDisk,
): AsyncGenerator<Batch, void, undefined> {
  let entries: BatchEntry[] = [];
  let start = 0;
  let offset = 0;
  let dataBytes = 0;
  for await (const page of manifest.pages(signal)) {
    for (const { length, id } of page) {
      if (offset >= range.end) break;
      if (offset + length <= range.start) {
        offset += length;
        start = offset;
        continue;
      }
      const full = entries.length === 4096 || (id !== null && dataBytes + length > batchBytes);
      if (full && entries.length > 0) {
        yield { entries, length: offset - start };
        entries = [];
        start = offset;
        dataBytes = 0;
      }
      entries.push({ offset, length, id: id === null ? null : toHex(id) });
      offset += length;
      if (id !== null) dataBytes += length;
    }
    if (offset >= range.end) break;
  }
  if (entries.length > 0) yield { entries, length: offset - start };
}

/** The batch's chunk ids, each once. */
export function chunkIds(batch: Batch): string[] {
  return [...new Set(batch.entries.flatMap(({ id }) => (id === null ? [] : [id])))];
}
