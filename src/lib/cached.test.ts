import { expect, it } from 'vitest';
import { cached } from './cached.ts';

function setUp(keepMs: (took: number) => number) {
  let now = 0;
  const runs: PromiseWithResolvers<string>[] = [];
  const read = cached(
    () => {
      const run = Promise.withResolvers<string>();
      runs.push(run);
      return run.promise;
    },
    { now: () => now },
    keepMs,
  );
  return { read, runs, pass: (ms: number) => (now += ms) };
}

it('runs once for all who ask meanwhile, and again once the outcome is old', async () => {
  const { read, runs, pass } = setUp(() => 1000);
  const both = Promise.all([read(), read()]);
  pass(60_000);
  void read();
  runs[0]?.resolve('first');
  expect(await both).toEqual(['first', 'first']);
  pass(999);
  expect(await read()).toBe('first');
  pass(1);
  const second = read();
  runs[1]?.resolve('second');
  expect(await second).toBe('second');
  expect(runs).toHaveLength(2);
});

it('keeps what took long for longer', async () => {
  const { read, runs, pass } = setUp((took) => 20 * took);
  const first = read();
  pass(100);
  runs[0]?.resolve('slow');
  await first;
  pass(1999);
  expect(await read()).toBe('slow');
  expect(runs).toHaveLength(1);
});

it('keeps an error as long as a result, and then tries again', async () => {
  const { read, runs, pass } = setUp(() => 1000);
  const failing = read();
  runs[0]?.reject(new Error('down'));
  await expect(failing).rejects.toThrow('down');
  await expect(read()).rejects.toThrow('down');
  pass(1000);
  const again = read();
  runs[1]?.resolve('up');
  expect(await again).toBe('up');
});
