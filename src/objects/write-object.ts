import { mapOrdered } from '../lib/map-ordered.ts';
import type { ObjectUpload } from './object-store.ts';

export interface WriteOptions {
  /** Bytes of each part but the last. */
  readonly partBytes: number;
  readonly onStored: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Stores all of `bytes` as parts. Two are in memory: one on its way while the next is filled. */
export async function writeObject(
  upload: Pick<ObjectUpload, 'put'>,
  bytes: AsyncIterable<Uint8Array>,
  { partBytes, onStored, signal }: WriteOptions,
): Promise<void> {
  const storing = mapOrdered(parts(bytes, partBytes), 1, async (part) => {
    await upload.put(part, signal);
    return part.length;
  });
  for await (const stored of storing) onStored(stored);
}

async function* parts(
  bytes: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let part = new Uint8Array(partBytes);
  let filled = 0;
  for await (const piece of bytes) {
    for (let taken = 0; taken < piece.length; ) {
      const count = Math.min(piece.length - taken, partBytes - filled);
      part.set(piece.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
      if (filled < partBytes) continue;
      yield part;
      part = new Uint8Array(partBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
