import { expect, it } from 'vitest';
import { createLockouts } from './lockouts.ts';

function setUp(maxKeys = 10) {
  let now = 1000;
  const lockouts = createLockouts({ lockMs: 300_000, clock: { now: () => now }, maxKeys });
  const attempt = (key: string) => lockouts.attempt({ key, most: 5 });
  return {
    ...lockouts,
    attempt,
    attemptBoth: (key: string, over: string) => lockouts.attempt({ key, most: 5 }, { key: over, most: 7 }),
    fail(key: string, times: number) {
      for (let time = 0; time < times; time += 1) attempt(key);
    },
    pass(ms: number) {
      now += ms;
    },
  };
}

it('locks a key that fails more often than it may, for its time, and no other', () => {
  const { attempt, fail, isLocked, pass } = setUp();
  fail('ann', 5);
  fail('bob', 5);
  expect(isLocked('ann')).toBe(false);
  fail('ann', 1);
  expect([isLocked('ann'), isLocked('bob')]).toEqual([true, false]);
  expect(attempt('ann')).toBeUndefined();
  pass(299_999);
  expect(isLocked('ann')).toBe(true);
  pass(1);
  expect([isLocked('ann'), attempt('ann')]).toEqual([false, expect.any(Function)]);
});

it('counts attempts that are made at once before it is known how they end', () => {
  const { attempt, isLocked } = setUp();
  const attempts = Array.from({ length: 10 }, () => attempt('ann'));
  expect(attempts.filter((takeBack) => takeBack !== undefined)).toHaveLength(6);
  expect(isLocked('ann')).toBe(true);
  attempts[3]?.();
  expect(isLocked('ann')).toBe(false);
  expect(attempt('ann')).toBeDefined();
  expect(attempt('ann')).toBeUndefined();
});

it('forgets no failure for a success in between, but all of them a while after the first', () => {
  const { attempt, fail, isLocked, pass } = setUp();
  fail('ann', 5);
  pass(299_999);
  // The sixth locked while it was under way; what counts afterwards is again when the first one was.
  attempt('ann')?.();
  expect(isLocked('ann')).toBe(false);
  pass(1);
  fail('ann', 5);
  attempt('ann')?.();
  expect(isLocked('ann')).toBe(false);
  fail('ann', 1);
  expect(isLocked('ann')).toBe(true);
});

it('counts anew after the lock, and when the key is forgiven', () => {
  const { fail, forgive, isLocked, pass } = setUp();
  fail('ann', 6);
  pass(300_000);
  fail('ann', 5);
  expect(isLocked('ann')).toBe(false);
  forgive('ann');
  fail('ann', 5);
  expect(isLocked('ann')).toBe(false);
  fail('ann', 1);
  expect(isLocked('ann')).toBe(true);
});

it('is neither prolonged by attempts nor lifted by forgiveness', () => {
  const { fail, forgive, isLocked, pass } = setUp();
  fail('ann', 6);
  pass(200_000);
  fail('ann', 6);
  forgive('ann');
  expect(isLocked('ann')).toBe(true);
  pass(100_000);
  expect(isLocked('ann')).toBe(false);
});

it('counts by several bounds, or where one of them is locked by none', () => {
  const { attemptBoth, isLocked } = setUp();
  for (let time = 0; time < 9; time += 1) attemptBoth('ann here', 'ann');
  expect([isLocked('ann here'), isLocked('ann')]).toEqual([true, false]);
  const seventh = attemptBoth('ann there', 'ann');
  seventh?.();
  expect([attemptBoth('ann there', 'ann'), attemptBoth('ann there', 'ann')]).not.toContain(undefined);
  expect([isLocked('ann there'), isLocked('ann')]).toEqual([false, true]);
  expect(attemptBoth('ann elsewhere', 'ann')).toBeUndefined();
});

it('remembers a bounded number of keys, those that were tried last and all that are locked', () => {
  const { attempt, fail, isLocked, pass } = setUp(3);
  fail('ann', 6);
  fail('bob', 5);
  fail('cem', 5);
  // Bob is the one that was tried longest ago; ann is locked.
  fail('dan', 1);
  fail('bob', 1);
  fail('dan', 5);
  expect(['ann', 'bob', 'cem', 'dan'].map(isLocked)).toEqual([true, false, false, true]);
  fail('bob', 5);
  expect(isLocked('bob')).toBe(true);
  expect(attempt('eve')).toBeUndefined();
  for (let name = 0; name < 100; name += 1) attempt(`nobody ${name}`);
  expect(['ann', 'bob', 'dan'].map(isLocked)).toEqual([true, true, true]);
  pass(300_000);
  expect(attempt('eve')).toBeDefined();
});
