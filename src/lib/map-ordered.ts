/**
 * Runs `work` on the items of `source`, at most `concurrency` at once, and yields the results in the items' order.
 * A finished result waits for those before it, so at most `concurrency` items are held. When the consumer stops or
 * something throws, the work already begun is waited for, so that nothing runs on unseen.
 */
export async function* mapOrdered<Item, Result>(
  source: AsyncIterable<Item> | Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const begun: Promise<Result>[] = [];
  try {
    for await (const item of source) {
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
