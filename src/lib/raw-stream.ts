/** A disk as plain bytes from first to last, to and from runs of data. */
import type { Run } from './extent-stream.ts';

const zeros = new Uint8Array(1024 * 1024);

/** The pieces of `source` with their offsets, the first of which is `from`. */
export async function* runsOf(source: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Run, void, undefined> {
  let offset = from;
  for await (const bytes of source) {
    yield { offset, bytes };
    offset += bytes.length;
  }
}

/** All bytes of a disk from `start` to before `end`, with zeros where `runs`, which lie in between, have nothing. */
export async function* bytesOf(
  end: number,
  runs: AsyncIterable<Run>,
  start = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = start;
  for await (const { offset, bytes } of runs) {
    yield* zeroBytes(offset - at);
    yield bytes;
    at = offset + bytes.length;
  }
  yield* zeroBytes(end - at);
}

function* zeroBytes(count: number): Generator<Uint8Array, void, undefined> {
  for (let left = count; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}
