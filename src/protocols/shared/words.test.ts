import { expect, it } from 'vitest';
import { keyOf, keysOf } from './words.ts';

const words = { queued: 'pending', copying: 'pending', available: 'ready' } as const;

it('finds all that a word stands for, and the first of them', () => {
  expect([keysOf(words, 'pending'), keysOf(words, 'ready')]).toEqual([['queued', 'copying'], ['available']]);
  expect([keyOf(words, 'pending'), keyOf(words, 'ready')]).toEqual(['queued', 'available']);
});

it('finds nothing for another word, or for none', () => {
  for (const wanted of ['queued', '', undefined]) {
    expect([keysOf(words, wanted), keyOf(words, wanted)]).toEqual([[], undefined]);
  }
});
