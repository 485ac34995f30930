/**
 * The keys that a disk is stored and read with. Those of an encrypted disk all come from its data key; any other has but the
 * key of its chunks' ids.
 */
import type { ChunkId } from './chunk-index.ts';
import type { FrameSealing } from './frame-seal.ts';

/** What encrypts a disk and proves that it is whole. */
export interface DiskSealing {
  /** The data key's UUID, to which everything sealed is bound. */
  readonly id: string;
  /** Seals the frames; 32 bytes. */
  readonly frames: Uint8Array;
  /** Makes the manifest's root one that only this key can give; 32 bytes. */
  readonly manifest: Uint8Array;
}

export interface DiskKeys {
  /** Makes the chunks' ids; 32 bytes. An account's or the installation's, or derived from the disk's data key. */
  readonly chunkKey: Uint8Array;
  /** Null where the disk is not encrypted. */
  readonly sealing: DiskSealing | null;
}

/** What seals and opens the frame of chunk `id`; undefined where the disk is not encrypted. */
export function frameSealing(sealing: DiskSealing | null, id: ChunkId): FrameSealing | undefined {
  return sealing === null ? undefined : { sealedBy: { id: sealing.id, key: sealing.frames }, id };
}
