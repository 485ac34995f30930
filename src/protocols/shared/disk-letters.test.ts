import { expect, it } from 'vitest';
import { diskLetters } from './disk-letters.ts';

it.each([
  [0, 'a'],
  [25, 'z'],
  [26, 'aa'],
  [51, 'az'],
  [52, 'ba'],
])('of disk %i are %s', (index, letters) => {
  expect(diskLetters(index)).toBe(letters);
});
