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

async function* interruptible(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let state: 'idle' | 'asked' | 'ended' = 'idle';
  let interrupt = (_reason: unknown): void => {};
  const onAbort = () => interrupt(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const asked = iterator.next();
      state = 'asked';
      // A promise for each step, because those that a race leaves behind would keep every piece until the signal ends.
      const step = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject;
        asked.then(resolve, reject);
      });
      state = step.done === true ? 'ended' : 'idle';
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (state === 'idle') await iterator.return?.();
    // Answered only once the source is no longer silent, which may be never; one that has thrown does not mind.
    if (state === 'asked') iterator.return?.().catch(() => {});
  }
}
