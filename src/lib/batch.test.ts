import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batched } from './batch.ts';

describe('calls that are made together', () => {
  it('are answered each with its own result, in batches that begin after them and are no larger than they may be', async () => {
    // Of each call: how many turns of the event loop it comes after the one before, and whether it cannot be answered.
    const calls = fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 6 }), fc.nat(4), async (plan, most, turnsOfRun) => {
        let made = 0;
        let running = 0;
        const call = batched(async (items: readonly number[]) => {
          expect(items.length).toBeLessThanOrEqual(most);
          expect(Math.max(...items)).toBeLessThan(made);
          // One at a time; only what has failed is run by itself, side by side.
          if (items.length > 1) expect(running).toBe(0);
          running += 1;
          for (let turn = 0; turn < turnsOfRun; turn++) await nextTurn();
          running -= 1;
          if (items.some((item) => plan[item]?.fails)) throw new Error(`cannot answer ${items.join(' ')}`);
          return items.map((item) => item * 10);
        }, most);
        const answers: Promise<unknown>[] = [];
        for (const [number, { turns }] of plan.entries()) {
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          made += 1;
          answers.push(call(number).catch((error: Error) => error.message));
        }
        const expected = plan.map(({ fails }, number) => (fails ? `cannot answer ${number}` : number * 10));
        expect(await Promise.all(answers)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('share the batches: one for the first, one for all that came meanwhile', async () => {
    const sizes: number[] = [];
    const gate = Promise.withResolvers<void>();
    const call = batched(async (items: readonly number[]) => {
      sizes.push(items.length);
      await gate.promise;
      return items;
    }, 100);
    const first = call(0);
    while (sizes.length === 0) await nextTurn();
    const others = Array.from({ length: 50 }, (_, number) => call(number));
    gate.resolve();
    await Promise.all([first, ...others]);
    expect(sizes).toEqual([1, 50]);
  });

  it('lend their batch nothing that is their own', async () => {
    const storage = new AsyncLocalStorage<string>();
    const call = batched(async (items: readonly string[]) => items.map(() => storage.getStore()), 10);
    expect(await storage.run('a request', () => call('x'))).toBeUndefined();
  });
});
