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
  const chunks: { number: number; chunk: Uint8Array }[] = [];
  const damaged = eachIntactFrame(stretch, ({ number, chunk }) => {
    chunks.push({ number, chunk });
  });
  const bytes = new Uint8Array(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
  const bounds = new Int32Array(stretch.bounds.length);
  let at = 0;
  for (const { number, chunk } of chunks) {
    bytes.set(chunk, at);
    bounds[number * 2] = at;
    at += chunk.length;
    bounds[number * 2 + 1] = at;
  }
  return { bytes, bounds, damaged };
}
