/**
 * Which chunk of a region lies where, and which manifest relies on which pack. The contract is here, beside the
 * formats it speaks of; PostgreSQL implements it in `src/db/chunk-index.ts`.
 *
 * A pack goes through: reserved (a row that names no chunk) → bytes durable → committed (rows name its chunks, W1) →
 * condemned once no manifest is tied to it (D1).
 */

/** A chunk's id: 32 bytes of keyed BLAKE3. As a map key it is written in hexadecimal. */
export type ChunkId = Uint8Array;

/** Where a frame lies in a pack. */
export interface FramePlace {
  /** Offset of the frame's header in the pack, bytes. */
  readonly offset: number;
  /** Frame header and payload, bytes. */
  readonly length: number;
}

export interface ChunkLocation extends FramePlace {
  /** The pack's name: 64 hexadecimal digits. */
  readonly pack: string;
}

export interface PackEntry extends FramePlace {
  readonly id: ChunkId;
}

export interface ChunkIndex {
  /**
   * W2: in one transaction, looks chunks up and ties the packs of those found to the manifest, so that they stay.
   * Returns the hexadecimal ids of the chunks found. Throws `ManifestGoneError` when the manifest was dropped.
   */
  pin(manifestId: string, ids: readonly ChunkId[]): Promise<Set<string>>;
  /** Writes down that a pack of this name is about to be put for the manifest, so that a crash leaves no unknown blob. */
  reservePack(manifestId: string, pack: string, size: number): Promise<void>;
  /**
   * W1: called when the pack's bytes are durable. In one transaction makes the pack live, names its chunks (a chunk
   * that another pack holds already keeps its place) and ties the manifest to every pack that holds one of them.
   */
  commitPack(manifestId: string, pack: string, entries: readonly PackEntry[]): Promise<void>;
  /** Where the chunks lie, by hexadecimal id; a chunk that the region lacks is not in the map. */
  locate(ids: readonly ChunkId[]): Promise<Map<string, ChunkLocation>>;
}

/** The pending manifest was dropped under its writer: the copy or upload was cancelled, or another worker ended it. */
export class ManifestGoneError extends Error {
  readonly manifestId: string;

  constructor(manifestId: string, options?: ErrorOptions) {
    super(`manifest ${manifestId} was dropped`, options);
    this.name = 'ManifestGoneError';
    this.manifestId = manifestId;
  }
}
