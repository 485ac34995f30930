import { seekData, seekHole } from './libc.ts';

/** A run of a file's bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** A hole below this is read as zeros: skipping it costs more (two seeks, one more record) than reading it. */
const smallestHole = 64 * 1024;

/**
 * The parts of an open file's first `size` bytes that hold data, in order; what lies between them reads as zeros.
 * The whole file is one extent where the file system can't tell holes from data.
 */
export function* dataExtents(file: number | { readonly fd: number }, size: number): Generator<Extent, void, undefined> {
  const fd = typeof file === 'number' ? file : file.fd;
  let begin = firstData(fd, size);
  while (begin < size) {
    let end = nextHole(fd, begin, size);
    let next = nextData(fd, end, size);
    while (next < size && next - end < smallestHole) {
      end = nextHole(fd, next, size);
      next = nextData(fd, end, size);
    }
    yield { offset: begin, length: end - begin };
    begin = next;
  }
}

/** Where data begins, `size` when there is none. No answer means either that, or a file system that can't tell. */
function firstData(fd: number, size: number): number {
  const offset = seekData(fd, 0);
  if (offset !== undefined) return Math.min(offset, size);
  return seekHole(fd, 0) === 0 ? size : 0;
}

function nextData(fd: number, from: number, size: number): number {
  return from >= size ? size : Math.min(seekData(fd, from) ?? size, size);
}

function nextHole(fd: number, from: number, size: number): number {
  return Math.min(seekHole(fd, from) ?? size, size);
}
