/** Buffers of one size that are used again instead of being allocated for every segment. */
export interface BufferPool {
  take(): Uint8Array<ArrayBuffer>;
  /** Takes a buffer back; one that was lost on the way (a failed task) simply never comes back. */
  give(buffer: Uint8Array<ArrayBuffer>): void;
}

export function createBufferPool(size: number): BufferPool {
  const idle: Uint8Array<ArrayBuffer>[] = [];
  return {
    take: () => idle.pop() ?? new Uint8Array(size),
    give(buffer) {
      // A buffer that was transferred and did not come back has length 0.
      if (buffer.byteLength === size) idle.push(buffer);
    },
  };
}
