/** What bounds the data plane's memory and shapes what it writes. */
import type { CutParameters } from '../store/manifest-format.ts';

export interface TransferSettings {
  readonly cut: CutParameters;
  /** A pack is sealed once it holds this many bytes. */
  readonly packBytes: number;
  /** Segments, or batches of chunks, in hand at once; each may hold a segment and a pack in memory. */
  readonly lanes: number;
  /** The most bytes of a pack that one read fetches. */
  readonly readBytes: number;
}

/**
 * What encrypted disks are cut with: always the longest that is allowed, so that the chunks' lengths tell nothing of what is in
 * them.
 */
export function sealedCut(cut: CutParameters): CutParameters {
  return { ...cut, minChunk: cut.maxChunk, meanChunk: cut.maxChunk };
}

const MiB = 1024 * 1024;

/** Design §4: 16/64/256 KiB chunks, packs of 32 MiB. */
export const defaultTransferSettings: TransferSettings = {
  cut: { minChunk: 16 * 1024, meanChunk: 64 * 1024, maxChunk: 256 * 1024, segment: 32 * MiB },
  packBytes: 32 * MiB,
  lanes: 3,
  readBytes: 8 * MiB,
};
