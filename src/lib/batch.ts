import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

interface Call<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Calls that are made while a batch is under way share the next one, so how many statements are run follows from how long one
 * takes and not from how many ask. A batch begins after each of its calls was made: what it reads is never older than the question.
 * Without others a call waits for no more than the turn of the event loop that it was made in.
 *
 * `run` answers the items of one batch, at most `most`, in their order. An error does not say whose fault it was, so each call of a
 * batch that failed is run once more by itself: nobody's fails because of another's. What waits is bounded by who calls; it
 * belongs to requests, of which the front door lets in only so many.
 */
export function batched<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  most: number,
): (item: Item) => Promise<Result> {
  // A batch is nobody's own: neither its spans nor its log lines belong to the request that happened to begin it.
  const outside = AsyncLocalStorage.snapshot();
  const waiting: Call<Item, Result>[] = [];
  let isBusy = false;

  async function settle(calls: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const results = await run(calls.map(({ item }) => item));
      for (const [place, { resolve }] of calls.entries()) resolve(results[place] as Result);
    } catch (error) {
      if (calls.length > 1) await Promise.all(calls.map((call) => settle([call])));
      else calls[0]?.reject(error);
    }
  }

  async function work(): Promise<void> {
    await nextTurn();
    while (waiting.length > 0) await settle(waiting.splice(0, most));
    isBusy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isBusy) return;
      isBusy = true;
      outside(work);
    });
}
