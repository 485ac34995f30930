import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapOrdered } from './map-ordered.ts';

/** Work that ends when it is told to. */
function gates<Result>() {
  const open: { end: (result: Result) => void; fail: (error: Error) => void }[] = [];
  const work = () =>
    new Promise<Result>((resolve, reject) => {
      open.push({ end: resolve, fail: reject });
    });
  return { open, work };
}

async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('mapOrdered', () => {
  it('gives the results in order, and never runs more at once than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { maxLength: 30 }),
        fc.integer({ min: 1, max: 6 }),
        async (turns, concurrency) => {
          let running = 0;
          let most = 0;
          const results: number[] = [];
          const numbered = turns.map((count, number) => ({ count, number }));
          for await (const result of mapOrdered(numbered, concurrency, async ({ count, number }) => {
            running += 1;
            most = Math.max(most, running);
            for (let turn = 0; turn < count; turn++) await turnOfTheLoop();
            running -= 1;
            return number;
          })) {
            results.push(result);
          }
          expect(results).toEqual(turns.map((_, number) => number));
          expect(most).toBeLessThanOrEqual(concurrency);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('does use its concurrency, and takes no item before there is room for it', async () => {
    const { open, work } = gates<string>();
    let taken = 0;
    function* source() {
      for (; taken < 10; taken++) yield taken;
    }
    const results = mapOrdered(source(), 3, work);
    const first = results.next();
    await turnOfTheLoop();
    expect(open.length).toBe(3);
    // A later result is there; it waits for the first, and keeps its place.
    open[1]?.end('second');
    await turnOfTheLoop();
    expect(open.length).toBe(3);
    open[0]?.end('first');
    expect(await first).toEqual({ value: 'first', done: false });
    expect(open.length).toBe(3);
    const ended = results.return();
    open[2]?.end('third');
    await ended;
  });

  it('waits for what it has begun when something fails, and says what failed', async () => {
    const { open, work } = gates<string>();
    const results = mapOrdered([1, 2, 3], 3, work);
    let settled = false;
    const first = results.next().finally(() => {
      settled = true;
    });
    first.catch(() => {});
    await turnOfTheLoop();
    open[0]?.fail(new Error('no room'));
    await turnOfTheLoop();
    expect(settled).toBe(false);
    open[1]?.fail(new Error('no room either'));
    open[2]?.end('done all the same');
    await expect(first).rejects.toThrow('no room');
  });

  it('waits for what it has begun when the source fails', async () => {
    const { open, work } = gates<string>();
    function* source() {
      yield 1;
      throw new Error('cut off');
    }
    const first = mapOrdered(source(), 3, work).next();
    first.catch(() => {});
    await turnOfTheLoop();
    open[0]?.end('done');
    await expect(first).rejects.toThrow('cut off');
  });

  it('waits for what it has begun when the consumer has enough, and tells the source', async () => {
    const { open, work } = gates<string>();
    let told = false;
    function* source() {
      try {
        for (;;) yield 1;
      } finally {
        told = true;
      }
    }
    const results = mapOrdered(source(), 2, work);
    const first = results.next();
    await turnOfTheLoop();
    open[0]?.end('first');
    await first;
    let settled = false;
    const ended = results.return().finally(() => {
      settled = true;
    });
    await turnOfTheLoop();
    expect({ told, settled }).toEqual({ told: true, settled: false });
    open[1]?.end('second');
    await ended;
  });
});
