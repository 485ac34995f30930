import { releaseBuffer } from '../../lib/release-buffer.ts';
import { eachIntactFrame, type FrameStretch } from './frames.ts';

export interface OpenFramesResult {
  /** The intact chunks, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Start and end of each frame's chunk within `bytes`; both 0 for a damaged one. */
  readonly bounds: Int32Array<ArrayBuffer>;
  readonly damaged: number[];
}

/** Verifies frames and gives the chunks in them. */
export function openFrames(stretch: FrameStretch): OpenFramesResult {
  const bounds = new Int32Array(stretch.bounds.length);
  let bytes = new Uint8Array(stretch.bytes.length);
  let used = 0;
  const damaged = eachIntactFrame(stretch, ({ number, chunk }) => {
    if (used + chunk.length > bytes.length) bytes = grown(bytes, Math.max(2 * bytes.length, used + chunk.length));
    bytes.set(chunk, used);
    bounds[number * 2] = used;
    used += chunk.length;
    bounds[number * 2 + 1] = used;
  });
  releaseBuffer(stretch.bytes);
  return { bytes, bounds, damaged };
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer.transfer(length));
}
