/** What is made from the data key of an encrypted disk, which itself encrypts nothing. */
import { Blake3Hasher } from '@napi-rs/blake-hash';

/** Keys for one purpose each, 32 bytes. */
export interface DerivedDataKeys {
  /** Keys the ids of the disk's chunks. */
  readonly chunkId: Uint8Array;
  /** Seals its frames. */
  readonly frames: Uint8Array;
  /** Authenticates its manifest. */
  readonly manifest: Uint8Array;
}

/** The data key of an encrypted disk, opened: what is made from it. */
export interface OpenDataKey extends DerivedDataKeys {
  readonly id: string;
}

/** `dataKey`: 32 random bytes. The names are part of the formats (docs/formats.md): another purpose gets another name. */
export function deriveDataKeys(dataKey: Uint8Array): DerivedDataKeys {
  const derive = (purpose: string) =>
    Uint8Array.from(Blake3Hasher.deriveKey(`mimeo ${purpose} of a data key 1`, dataKey));
  return { chunkId: derive('chunk ids'), frames: derive('frames'), manifest: derive('manifest') };
}
