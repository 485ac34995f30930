/**
 * Runs `work` on the items of `source`, at most `concurrency` at once, and yields the results in the items' order. The next
 * item is asked for while the work goes on, so a source that takes its time and the work do not wait for each other. A
 * finished result waits for those before it, so at most `concurrency` items and the next are held. When the consumer stops
 * or something throws, the work already begun is waited for, so that nothing runs on unseen.
 */
export async function* mapOrdered<Item, Result>(
  source: AsyncIterable<Item> | Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const begun: Promise<Result>[] = [];
  const items = readAhead(source);
  try {
    for await (const item of items) {
      const result = work(item);
      // The rejection is seen when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      begun.push(result);
      if (begun.length >= concurrency) yield await (begun.shift() as Promise<Result>);
    }
    while (begun.length > 0) yield await (begun.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(begun);
  }
}

/** The same items, each asked for when the one before it is handed out. */
async function* readAhead<Item>(source: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let next = Promise.resolve(iterator.next());
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = Promise.resolve(iterator.next());
      next.catch(() => {});
      yield value;
    }
  } finally {
    // Not waited for: a source that is silent would keep an error, or an abort, from being told.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
