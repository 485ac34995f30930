/** Lays a stream of a disk's data into segment-sized buffers, each independent of the others. */
import type { SharedBuffers } from '../lib/shared-buffers.ts';
import { gridBytes, minZeroRun, type Run } from './data-runs.ts';

/** A disk's bytes as they come: runs of data in ascending order; everything between them is zeros. */
export interface DiskStream {
  readonly size: number;
  /** Where the stream begins; a multiple of the segment's size, 0 unless it says otherwise. */
  readonly from?: number;
  /** The disk goes on after the last run, with bytes that are not known yet. */
  readonly isPartial?: boolean;
  readonly runs: AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>;
}

export interface DataSegment {
  readonly length: number;
  /** Of the shared buffers; whoever has done with it gives it back. */
  readonly bytes: Uint8Array;
  readonly extents: readonly Run[];
}

/** One or more whole segments, or the disk's end, that nothing was sent for. */
export interface HoleSegment {
  readonly length: number;
  readonly bytes: null;
}

/** Extents nearer than this become one with zeros written between, so that those left apart are a zero run apart. */
const joinBytes = 2 * minZeroRun;

interface OpenSegment {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly extents: { start: number; end: number }[];
}

/** The segments of a disk, in order and without gaps. A partial stream's last bytes, less than a segment, are left out. */
export async function* segments(
  disk: DiskStream,
  segmentBytes: number,
  buffers: SharedBuffers,
): AsyncGenerator<DataSegment | HoleSegment, void, undefined> {
  let next = disk.from ?? 0;
  let open: OpenSegment | undefined;
  let end = next;
  for await (const run of disk.runs) {
    if (run.offset < end) throw new RangeError(`run at ${run.offset} begins before ${end}, where the last one ended`);
    end = run.offset + run.bytes.length;
    if (end > disk.size) throw new RangeError(`run at ${run.offset} ends beyond the disk's ${disk.size} bytes`);
    for (let taken = 0; taken < run.bytes.length; ) {
      const offset = run.offset + taken;
      const start = offset - (offset % segmentBytes);
      if (open !== undefined && open.offset !== start) {
        yield close(open);
        open = undefined;
      }
      if (open === undefined) {
        if (start > next) yield { length: start - next, bytes: null };
        const length = Math.min(segmentBytes, disk.size - start);
        open = { offset: start, length, bytes: buffers.take(segmentBytes), extents: [] };
        next = start + length;
      }
      const count = Math.min(run.bytes.length - taken, next - offset);
      place(open, offset - start, run.bytes.subarray(taken, taken + count));
      taken += count;
      if (offset + count === next) {
        yield close(open);
        open = undefined;
      }
    }
  }
  if (disk.isPartial) return;
  if (open !== undefined) yield close(open);
  if (disk.size > next) yield { length: disk.size - next, bytes: null };
}

function place(segment: OpenSegment, at: number, data: Uint8Array): void {
  const last = segment.extents.at(-1);
  if (last !== undefined && at - last.end < joinBytes) {
    segment.bytes.fill(0, last.end, at);
    last.end = at + data.length;
  } else {
    const start = at - (at % gridBytes);
    segment.bytes.fill(0, start, at);
    segment.extents.push({ start, end: at + data.length });
  }
  segment.bytes.set(data, at);
}

/** Rounds the extents' ends up to the grid: the buffer was used before, so what was not written is not zeros. */
function close(segment: OpenSegment): DataSegment {
  const extents = segment.extents.map(({ start, end }) => {
    const aligned = Math.min(Math.ceil(end / gridBytes) * gridBytes, segment.length);
    segment.bytes.fill(0, end, aligned);
    return { start, end: aligned };
  });
  return { length: segment.length, bytes: segment.bytes, extents };
}
