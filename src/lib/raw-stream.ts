/** A disk as plain bytes from first to last, to and from runs of data. */
import type { Run } from './extent-stream.ts';

const zeros = new Uint8Array(1024 * 1024);

/** The pieces of `source` with their offsets. */
export async function* runsOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Run, void, undefined> {
  let offset = 0;
  for await (const bytes of source) {
    yield { offset, bytes };
    offset += bytes.length;
  }
}

/** All `size` bytes of a disk, with zeros where `runs` have nothing. */
export async function* bytesOf(size: number, runs: AsyncIterable<Run>): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const { offset, bytes } of runs) {
    yield* zeroBytes(offset - at);
    yield bytes;
    at = offset + bytes.length;
  }
  yield* zeroBytes(size - at);
}

function* zeroBytes(count: number): Generator<Uint8Array, void, undefined> {
  for (let left = count; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}
