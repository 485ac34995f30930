/**
 * Finds what of a segment is data. The disk's own 4 KiB grid decides, so a disk is cut the same way whether its zeros came
 * as holes or as bytes, and in whatever pieces they came.
 */

/** The block size of the file systems inside images, and of holes in sparse files. */
export const gridBytes = 4096;

/** A shorter run of zeros stays inside its chunk: to leave it out would cost more in entries than zstd needs for it. */
export const minZeroRun = 16384;

/** A half-open range of a segment. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

function isZero(words: Int32Array, bytes: Uint8Array, start: number, end: number): boolean {
  const lastWord = end >> 2;
  for (let word = start >> 2; word < lastWord; word++) if (words[word] !== 0) return false;
  for (let at = lastWord << 2; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

/**
 * The runs of data in the first `length` bytes of `segment`, in order. Only `extents`, which are grid-aligned, in order and
 * apart, are looked at; everything else counts as zeros without being read, but must be zeros in `segment` where the gap
 * between two extents is shorter than {@link minZeroRun}.
 */
export function findDataRuns(segment: Uint8Array, length: number, extents: readonly Run[]): Run[] {
  const words = new Int32Array(segment.buffer, segment.byteOffset, segment.byteLength >> 2);
  const runs: Run[] = [];
  let open: { start: number; end: number } | undefined;
  for (const extent of extents) {
    for (let block = extent.start; block < Math.min(extent.end, length); block += gridBytes) {
      const end = Math.min(block + gridBytes, length);
      if (isZero(words, segment, block, end)) continue;
      if (open !== undefined && block - open.end < minZeroRun) {
        open.end = end;
      } else {
        open = { start: block, end };
        runs.push(open);
      }
    }
  }
  return runs;
}
