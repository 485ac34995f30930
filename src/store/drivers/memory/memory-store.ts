import { type Clock, systemClock } from '../../../lib/clock.ts';
import { BlobError, type BlobStore, checkBlobKey, checkBlobRange } from '../../blob-store.ts';
import { piecesOf } from '../../pieces.ts';

interface MemoryBlob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly modifiedAt: number;
}

/** A store for tests: it lasts as long as the process and grows with what is put. */
export function createMemoryStore(clock: Clock = systemClock): BlobStore {
  const blobs = new Map<string, MemoryBlob>();

  return {
    async put(key, bytes, { signal } = {}) {
      checkBlobKey(key);
      signal?.throwIfAborted();
      const pieces: Uint8Array[] = [];
      // The source may use a piece's memory again for its next one.
      for await (const piece of piecesOf(bytes, signal)) pieces.push(new Uint8Array(piece));
      if (blobs.has(key)) throw new BlobError('exists', key);
      blobs.set(key, { bytes: new Uint8Array(Buffer.concat(pieces)), modifiedAt: clock.now() });
    },

    async get(key, range, { signal } = {}) {
      checkBlobKey(key);
      signal?.throwIfAborted();
      const blob = blobs.get(key);
      if (blob === undefined) throw new BlobError('not-found', key);
      const { offset, length } = checkBlobRange(key, blob.bytes.length, range);
      return blob.bytes.slice(offset, offset + length);
    },

    async stat(key) {
      checkBlobKey(key);
      const blob = blobs.get(key);
      return blob && { key, size: blob.bytes.length, modifiedAt: blob.modifiedAt };
    },

    async *list(prefix) {
      for (const [key, { bytes, modifiedAt }] of [...blobs]) {
        if (key.startsWith(prefix)) yield { key, size: bytes.length, modifiedAt };
      }
    },

    async remove(key) {
      checkBlobKey(key);
      blobs.delete(key);
    },
  };
}
