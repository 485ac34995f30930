/**
 * The two ends of a disk, kept while its bytes stream by: where every known format has its headers and footers. What
 * lies between is never copied, so that watching an upload costs nothing beside it.
 */

/** Reaches past a VHDX's metadata (2 or 3 MiB in, whoever wrote it), which of all headers lies deepest. */
const headBytes = 4 * 1024 * 1024;

/** Footers have at most 1536 bytes (VMDK). */
const tailBytes = 64 * 1024;

const firstHeadBytes = 64 * 1024;

export interface DiskWindow {
  /** Of the whole disk. */
  readonly size: number;
  /** Takes a run of the disk's data; runs ascend, and what lies between them is zeros. The bytes are not held on to. */
  see(offset: number, bytes: Uint8Array): void;
  /** True when the disk has these bytes, kept or not. */
  holds(offset: number, length: number): boolean;
  /** The disk's bytes there, for reading only; undefined when it has none there or they were not kept. */
  bytes(offset: number, length: number): Uint8Array | undefined;
}

/** The parts of a disk that a window keeps: all that it need be shown. */
export function windowParts(size: number): { readonly start: number; readonly end: number }[] {
  const headEnd = Math.min(size, headBytes);
  const tailStart = Math.max(headEnd, size - tailBytes);
  return [
    { start: 0, end: headEnd },
    { start: tailStart, end: size },
  ].filter(({ start, end }) => start < end);
}

export function createDiskWindow(size: number): DiskWindow {
  const headEnd = Math.min(size, headBytes);
  const tailStart = Math.max(0, size - tailBytes);
  let head = new Uint8Array(0);
  let tail: Uint8Array | undefined;

  function headOf(length: number): Uint8Array {
    if (head.length < length) {
      const grown = new Uint8Array(Math.min(headEnd, Math.max(length, 2 * head.length, firstHeadBytes)));
      grown.set(head);
      head = grown;
    }
    return head;
  }

  function wholeTail(): Uint8Array {
    tail ??= new Uint8Array(size - tailStart);
    return tail;
  }

  function holds(offset: number, length: number): boolean {
    return offset >= 0 && offset + length <= size;
  }

  return {
    size,
    holds,
    see(offset, bytes) {
      const end = offset + bytes.length;
      if (offset < headEnd) lay(headOf(Math.min(end, headEnd)), offset, bytes);
      if (end > tailStart) lay(wholeTail(), offset - tailStart, bytes);
    },
    bytes(offset, length) {
      const end = offset + length;
      if (!holds(offset, length)) return undefined;
      if (end <= headEnd) return headOf(end).subarray(offset, end);
      if (offset >= tailStart) return wholeTail().subarray(offset - tailStart, end - tailStart);
      return undefined;
    },
  };
}

/** Copies as much of `bytes` as falls inside when its first byte belongs at `at`, which may be negative. */
function lay(into: Uint8Array, at: number, bytes: Uint8Array): void {
  const from = Math.max(at, 0);
  const to = Math.min(at + bytes.length, into.length);
  if (from < to) into.set(bytes.subarray(from - at, to - at), from);
}
