/**
 * Large buffers that all threads see, used again and again for as long as the process lives. Moving an ordinary buffer
 * between threads copies nothing either, but V8 takes every arrival for so much new memory and collects: that was more than
 * half of the processor time of a copy (docs/adr/0005-memory.md).
 */
export interface SharedBuffers {
  /** A buffer of `size` bytes with whatever was in it last. */
  take(size: number): Uint8Array;
  /** Takes a buffer back that no thread uses any more. One that is never given back is collected like any other. */
  give(buffer: Uint8Array): void;
}

/** Keeps at most `maxIdleBytes` that nobody uses; what is given back beyond that is collected. */
export function createSharedBuffers(maxIdleBytes: number): SharedBuffers {
  const idle = new Map<number, Uint8Array[]>();
  let idleBytes = 0;
  return {
    take(size) {
      const kept = idle.get(size)?.pop();
      if (kept === undefined) return new Uint8Array(new SharedArrayBuffer(size));
      idleBytes -= size;
      return kept;
    },
    give(buffer) {
      if (idleBytes + buffer.length > maxIdleBytes) return;
      idleBytes += buffer.length;
      const ofItsSize = idle.get(buffer.length);
      if (ofItsSize === undefined) idle.set(buffer.length, [buffer]);
      else ofItsSize.push(buffer);
    },
  };
}
