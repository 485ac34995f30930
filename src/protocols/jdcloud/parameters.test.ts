import { expect, it } from 'vitest';
import { commonFaults } from './common-faults.ts';
import { filledText, text, texts } from './parameters.ts';

const { read, rule, faults } = filledText({ rule: 'digits', matches: /^\d+$/ });

it('takes an empty text for none, as null and nothing at all', () => {
  expect(['', null, undefined].map((value) => read(value, 'size'))).toEqual([undefined, undefined, undefined]);
  expect(rule).toBe('digits; an empty one counts as none');
});

it('holds every other text to its rule', () => {
  expect(read('12', 'size')).toBe('12');
  expect(faults).toEqual([commonFaults.parameterInvalid]);
  for (const value of [' ', 'one', 12, []]) {
    expect(() => read(value, 'size')).toThrow(expect.objectContaining({ fault: faults[0], about: 'size' }));
  }
});

it('takes one text alone for a list of it, and an empty one for no list', () => {
  const names = texts(text({ matches: /^[a-z]*$/ }), 2);
  expect(names.read('a', 'names')).toEqual(['a']);
  expect(names.read(['a', ''], 'names')).toEqual(['a', '']);
  expect(['', null, undefined].map((value) => names.read(value, 'names'))).toEqual([undefined, undefined, undefined]);
  for (const value of ['1', [['a']], { a: 'a' }, 7]) {
    expect(() => names.read(value, 'names')).toThrow(expect.objectContaining({ fault: commonFaults.parameterInvalid }));
  }
  expect(() => names.read(['a', 'b', 'c'], 'names')).toThrow(
    expect.objectContaining({ fault: commonFaults.outOfRange }),
  );
});
