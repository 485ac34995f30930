/**
 * The items of `source` until `signal` is aborted, which ends them with its reason: at once, even while the source is silent.
 * A source that is not read to its end is told so.
 */
export async function* interruptible<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
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
      // A promise for each step, because those that a race leaves behind would keep every item until the signal ends.
      const step = await new Promise<IteratorResult<Item>>((resolve, reject) => {
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
