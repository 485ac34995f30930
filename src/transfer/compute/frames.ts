/** What the tasks that read frames share: a stretch of a pack, the frames in it, and the check of each (R1). */
import { releaseBuffer } from '../../lib/release-buffer.ts';
import { type DiskKeys, frameSealing } from '../../store/disk-keys.ts';
import { readFrame } from '../../store/frame-format.ts';
import { hashBytes, keyedHash } from '../../store/hash.ts';

export interface FrameStretch {
  /** Bytes of a pack; transferred to the worker and not given back. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Start and end of each frame within `bytes`. */
  readonly bounds: Int32Array<ArrayBuffer>;
  /** The id that each frame's chunk must have, one after the other. */
  readonly ids: Uint8Array<ArrayBuffer>;
  readonly keys: DiskKeys;
  readonly maxChunk: number;
}

/** Of the frames alone: what lies between them was fetched to be thrown away, and a plan does not count it either. */
export function frameBytes({ bounds }: FrameStretch): number {
  let bytes = 0;
  for (let frame = 0; frame < bounds.length; frame += 2) bytes += (bounds[frame + 1] ?? 0) - (bounds[frame] ?? 0);
  return bytes;
}

/** Calls `use` with every frame that verifies, whose chunk is good for that call only; returns the numbers of those that do not. */
export function eachIntactFrame(
  stretch: FrameStretch,
  use: (frame: { number: number; bytes: Uint8Array; id: Uint8Array; chunk: Uint8Array }) => void,
): number[] {
  const damaged: number[] = [];
  for (let number = 0; number < stretch.bounds.length / 2; number++) {
    const bytes = stretch.bytes.subarray(stretch.bounds[number * 2], stretch.bounds[number * 2 + 1]);
    const id = stretch.ids.subarray(number * hashBytes, (number + 1) * hashBytes);
    const chunk = intactChunk(bytes, id, stretch);
    if (chunk === undefined) {
      damaged.push(number);
      continue;
    }
    use({ number, bytes, id, chunk });
    // What was decompressed is the caller's only during the call; a raw chunk is a part of the stretch.
    if (chunk.buffer !== bytes.buffer) releaseBuffer(chunk);
  }
  return damaged;
}

function intactChunk(frame: Uint8Array, id: Uint8Array, { keys, maxChunk }: FrameStretch): Uint8Array | undefined {
  try {
    const chunk = readFrame(frame, maxChunk, frameSealing(keys.sealing, id));
    return Buffer.compare(keyedHash(keys.chunkKey, chunk), id) === 0 ? chunk : undefined;
  } catch {
    // Whatever is wrong with the frame, the answer is the same: it is damaged, and the caller looks elsewhere.
    return undefined;
  }
}
