import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

class FullError extends Error {}

function setUp() {
  const inTurn = createTurns({ atOnce: 1, waiting: 2, refuse: () => new FullError() });
  const begun: string[] = [];
  /** Asks for a turn, which lasts until `end`. */
  function ask(name: string, signal = new AbortController().signal) {
    const work = Promise.withResolvers<void>();
    const done = inTurn(async () => {
      begun.push(name);
      await work.promise;
      return name;
    }, signal);
    done.catch(() => {});
    return { done, end: work.resolve, fail: work.reject };
  }
  return { ask, begun };
}

it('is taken by those who wait in the order in which they came, and by no more than may wait', async () => {
  const { ask, begun } = setUp();
  const [one, two, three] = [ask('one'), ask('two'), ask('three')];
  await expect(ask('four').done).rejects.toThrow(FullError);
  expect(begun).toEqual(['one']);
  one.end();
  expect(await one.done).toBe('one');
  const five = ask('five');
  for (const { end, done } of [two, three, five]) {
    end();
    await done;
  }
  expect(begun).toEqual(['one', 'two', 'three', 'five']);
});

it('is given up by whoever goes away while he waits, and his place is free', async () => {
  const { ask, begun } = setUp();
  const gone = new AbortController();
  const one = ask('one');
  const [two, three] = [ask('two', gone.signal), ask('three', gone.signal)];
  gone.abort(new Error('gone'));
  for (const { done } of [two, three]) await expect(done).rejects.toThrow('gone');
  await expect(ask('late', gone.signal).done).rejects.toThrow('gone');
  const others = [ask('four'), ask('five')];
  one.end();
  for (const { end, done } of others) {
    end();
    await done;
  }
  expect(begun).toEqual(['one', 'four', 'five']);
});

it('ends with work that fails, and goes on with work whose asker goes away', async () => {
  const { ask } = setUp();
  const gone = new AbortController();
  const one = ask('one');
  const two = ask('two', gone.signal);
  one.fail(new Error('broken'));
  await expect(one.done).rejects.toThrow('broken');
  gone.abort(new Error('gone'));
  two.end();
  expect(await two.done).toBe('two');
  const three = ask('three');
  three.end();
  expect(await three.done).toBe('three');
});
