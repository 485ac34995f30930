import { expect, it } from 'vitest';
import { createSlots } from './slots.ts';

it('gives no share more than it may have, and takes nothing for the others then', () => {
  const slots = createSlots();
  const take = (user: string) => slots.take({ holder: user, most: 2 }, { holder: 'all', most: 3 });
  const [first, second] = [take('ann'), take('ann')];
  expect([first, second]).toEqual([expect.any(Function), expect.any(Function)]);
  expect(take('ann')).toBeUndefined();
  // The refused one has taken nothing of `all`: there is one left.
  const third = take('bob');
  expect(third).toBeDefined();
  expect(take('bob')).toBeUndefined();
  third?.();
  expect(take('bob')).toBeDefined();
});

it('takes each back once', () => {
  const slots = createSlots();
  const take = () => slots.take({ holder: 'ann', most: 2 });
  const giveBack = take();
  take();
  giveBack?.();
  giveBack?.();
  expect(take()).toBeDefined();
  expect(take()).toBeUndefined();
});
