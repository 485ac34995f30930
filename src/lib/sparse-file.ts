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
  if (!canTell(fd)) {
    if (size > 0) yield { offset: 0, length: size };
    return;
  }
  // Without data, or without a hole, up to `size`: that is where the answer is.
  const data = (from: number) => (from < size ? Math.min(seekData(fd, from) ?? size, size) : size);
  const hole = (from: number) => Math.min(seekHole(fd, from) ?? size, size);

  let begin = data(0);
  while (begin < size) {
    let end = hole(begin);
    let next = data(end);
    while (next < size && next - end < smallestHole) {
      end = hole(next);
      next = data(end);
    }
    yield { offset: begin, length: end - begin };
    begin = next;
  }
}

/** Any failure means no: if there is something wrong with the file itself, reading it says so. */
function canTell(fd: number): boolean {
  try {
    seekData(fd, 0);
    return true;
  } catch {
    return false;
  }
}
