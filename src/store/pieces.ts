import { interruptible } from '../lib/interruptible.ts';

/** How much of a single buffer is given at once; also how much may still be taken after an abort. */
const stepBytes = 1024 * 1024;

/**
 * What a `put` was given, as pieces. An abort ends it with the signal's reason, at once even while the source is silent;
 * a source that is not read to its end is told so.
 */
export async function* piecesOf(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) {
    for (let offset = 0; offset < source.length; offset += stepBytes) {
      signal?.throwIfAborted();
      yield source.subarray(offset, offset + stepBytes);
    }
  } else if (signal === undefined) {
    yield* source;
  } else {
    yield* interruptible(source, signal);
  }
}
