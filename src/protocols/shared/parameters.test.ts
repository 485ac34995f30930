import { describe, expect, it } from 'vitest';
import { FaultError, type Occurring } from './faults.ts';
import {
  defaulting,
  flag,
  list,
  object,
  oneOf,
  type Parameter,
  readParameters,
  required,
  text,
  whole,
} from './parameters.ts';

const faultOf = (code: string): Occurring => ({ status: 400, code, message: '', when: '' });
const wrong = faultOf('wrong');
const missing = faultOf('missing');
const tooMany = faultOf('too many');

function read(parameter: Parameter<unknown>, value: unknown): unknown {
  try {
    return parameter.read(value, 'name');
  } catch (error) {
    if (error instanceof FaultError) return `${error.fault.code}: ${error.about}`;
    throw error;
  }
}

describe('a text', () => {
  it.each([
    ['as it is', 'as it is'],
    ['', ''],
    [undefined, undefined],
    [null, undefined],
    [5, 'wrong: name'],
    [['a'], 'wrong: name'],
    ['a\0', 'wrong: name'],
    ['\ud800', 'wrong: name'],
    ['TOO LOUD', 'wrong: name'],
  ])('reads %j', (value, expected) => {
    expect(read(text({ fault: wrong, matches: /^[a-z ]*$/ }), value)).toEqual(expected);
  });

  it('is one of its words, or none', () => {
    const parameter = oneOf(['asc', 'desc'], wrong);
    expect(['asc', 'ASC', '', undefined].map((value) => read(parameter, value))).toEqual([
      'asc',
      'wrong: name',
      undefined,
      undefined,
    ]);
  });
});

it.each([
  [true, true],
  ['True', true],
  ['false', false],
  ['', undefined],
  [0, 'wrong: name'],
  ['yes', 'wrong: name'],
])('a truth value reads %j', (value, expected) => {
  expect(read(flag(wrong), value)).toEqual(expected);
});

it.each([
  [40, 40],
  ['40', 40],
  ['', undefined],
  [null, undefined],
  [0, 'wrong: name'],
  [41, 'wrong: name'],
  [4.5, 'wrong: name'],
  ['4e1', 'wrong: name'],
  ['99999999999999999999', 'wrong: name'],
])('a number from 1 to 40 reads %j', (value, expected) => {
  expect(read(whole({ least: 1, most: 40, fault: wrong }), value)).toEqual(expected);
});

it.each([
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [[], []],
  [undefined, undefined],
  ['a', 'wrong: name'],
  [['a', null], 'wrong: name'],
  [['a', 'b', 'c'], 'too many: name'],
])('a list of two texts at most reads %j', (value, expected) => {
  expect(read(list(text({ fault: wrong }), { most: 2, tooMany, fault: wrong }), value)).toEqual(expected);
});

describe('an object', () => {
  const tag = object({ key: required(text({ fault: wrong }), missing), value: text({ fault: wrong }) }, wrong);

  it.each([
    [
      { key: 'a', value: '', more: 1 },
      { key: 'a', value: '' },
    ],
    [{ value: 'b' }, 'missing: name.key'],
    [{ key: '' }, 'missing: name.key'],
    [{ key: 'a', value: 1 }, 'wrong: name.value'],
    [['a'], 'wrong: name'],
    ['a', 'wrong: name'],
  ])('reads %j', (value, expected) => {
    expect(read(tag, value)).toEqual(expected);
  });
});

it('takes nothing for a parameter that every object has', () => {
  const parameters = { constructor: text({ fault: wrong }), a: text({ fault: wrong }) };
  expect(readParameters(parameters, { a: 'b' })).toEqual({ constructor: undefined, a: 'b' });
});

it.each([
  [undefined, 20],
  [null, 20],
  ['', 20],
  [30, 30],
  [5, 'wrong: name'],
])('a number that is 20 by default reads %j', (value, expected) => {
  expect(read(defaulting(whole({ least: 10, most: 100, fault: wrong }), 20), value)).toEqual(expected);
});

it('says what it is by default', () => {
  const page = defaulting(whole({ least: 10, most: 100, fault: wrong }), 20);
  expect(page).toMatchObject({ rule: '10 to 100, 20 by default', isRequired: false, faults: [wrong] });
  expect(defaulting(text({ fault: wrong }), 'ssd').rule).toBe('ssd by default');
});
