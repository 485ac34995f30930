/** BLAKE3, the one hash of the store: chunk ids (keyed), pack names, manifests and disk digests (not keyed). */
import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';

/** Bytes of every hash and of every key. */
export const hashBytes = 32;

export function hash(bytes: Uint8Array): Uint8Array {
  return blake3(bytes);
}

export function keyedHash(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Blake3Hasher.newKeyed(Buffer.from(key.buffer, key.byteOffset, key.byteLength))
    .update(bytes)
    .digestBuffer();
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** A hash that is fed piece by piece. */
export function createHasher(): Hasher {
  const hasher = new Blake3Hasher();
  return {
    update(bytes) {
      hasher.update(bytes);
    },
    digest: () => hasher.digestBuffer(),
  };
}

/** A 32-byte key for `context`, which must name its purpose, made from other key material. */
export function deriveKey(context: string, material: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Blake3Hasher.deriveKey(context, material));
}
