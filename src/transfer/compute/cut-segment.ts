import { hashBytes, keyedHash } from '../../store/hash.ts';
import type { CutParameters } from '../../store/manifest-format.ts';
import { createCutter } from '../cutter.ts';
import { findDataRuns, type Run } from '../data-runs.ts';
import { digestBlocks } from '../disk-digest.ts';

export interface CutSegmentTask {
  /** A shared buffer. */
  readonly segment: Uint8Array;
  /** Bytes of it that belong to the disk. */
  readonly length: number;
  readonly extents: readonly Run[];
  readonly chunkKey: Uint8Array;
  readonly cut: CutParameters;
}

export interface CutSegmentResult {
  /** Start and end of each chunk, in order; what lies between chunks is zeros. */
  readonly bounds: Int32Array<ArrayBuffer>;
  /** The chunks' ids, one after the other. */
  readonly ids: Uint8Array<ArrayBuffer>;
  /** The digests of the segment's blocks, one after the other. */
  readonly digests: Uint8Array<ArrayBuffer>;
}

/** Finds the data in a segment, cuts it into chunks and names them. */
export function cutSegment(task: CutSegmentTask): CutSegmentResult {
  const { segment, length, chunkKey } = task;
  const runs = findDataRuns(segment, length, task.extents);
  const cutAt = createCutter(task.cut);
  const bounds: number[] = [];
  for (const run of runs) {
    for (let start = run.start; start < run.end; ) {
      const end = cutAt(segment, start, run.end);
      bounds.push(start, end);
      start = end;
    }
  }
  const ids = new Uint8Array((bounds.length / 2) * hashBytes);
  for (let chunk = 0; chunk < bounds.length / 2; chunk++) {
    const bytes = segment.subarray(bounds[chunk * 2], bounds[chunk * 2 + 1]);
    ids.set(keyedHash(chunkKey, bytes), chunk * hashBytes);
  }
  return { bounds: Int32Array.from(bounds), ids, digests: digestBlocks(segment, length, runs) };
}
