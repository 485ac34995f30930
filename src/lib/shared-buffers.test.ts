import { expect, it } from 'vitest';
import { createSharedBuffers } from './shared-buffers.ts';

it('hands out again what was given back, up to so many idle bytes', () => {
  const buffers = createSharedBuffers(25);
  const given = [buffers.take(10), buffers.take(10), buffers.take(10)];
  for (const buffer of given) buffers.give(buffer);
  const kept = () => given.includes(buffers.take(10));
  expect([kept(), kept(), kept()]).toEqual([true, true, false]);
  // Those two are in use, so there is room again.
  for (const buffer of given) buffers.give(buffer);
  expect([kept(), kept(), kept()]).toEqual([true, true, false]);
});

it('gives a buffer of the size that was asked for', () => {
  const buffers = createSharedBuffers(100);
  buffers.give(buffers.take(10));
  expect([buffers.take(20).length, buffers.take(10).length]).toEqual([20, 10]);
});
