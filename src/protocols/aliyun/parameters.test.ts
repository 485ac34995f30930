import { describe, expect, it } from 'vitest';
import type { Parameter } from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';
import { commaList, groups, readParameters, repeated, text } from './parameters.ts';

const fault = commonFaults.invalidParameter;

function read<Value>(parameter: Parameter<Value>, values: Readonly<Record<string, string>>): Value {
  return readParameters({ Name: parameter }, new Map(Object.entries(values))).Name;
}

describe('a list with numbers', () => {
  const list = repeated(text(), { most: 2, tooMany: fault });

  it('is in the order of its numbers, however they are written', () => {
    expect(read(list, { 'Name.10': 'b', 'Name.2': 'a' })).toEqual(['a', 'b']);
    expect(read(list, { 'Name.02': 'b', 'Name.01': 'a' })).toEqual(['a', 'b']);
    expect(read(list, { 'Name.1': 'a', Name: 'x', 'Name.x': 'x', 'Other.1': 'x' })).toEqual(['a']);
    expect(() => read(list, { 'Name.1': 'a', 'Name.2': 'b', 'Name.03': 'c' })).toThrow('InvalidParameter');
  });

  it('may have fields', () => {
    const pairs = groups({ Key: text(), Value: text() }, { most: 2, tooMany: fault });
    expect(read(pairs, { 'Name.01.Key': 'k', 'Name.01.Value': 'v', 'Name.2.Key': 'l' })).toEqual([
      { Key: 'k', Value: 'v' },
      { Key: 'l', Value: undefined },
    ]);
  });
});

describe('a list with commas', () => {
  const list = commaList(text(), 2, fault);

  it('has what lies between them', () => {
    expect(read(list, { Name: ',a,,b,' })).toEqual(['a', 'b']);
    expect([read(list, {}), read(list, { Name: '' })]).toEqual([[], []]);
    expect(() => read(list, { Name: 'a,b,c' })).toThrow('InvalidParameter');
  });

  it('is refused when it names nothing: it would be taken for one of everything', () => {
    for (const Name of [',', ',,,']) expect(() => read(list, { Name })).toThrow('InvalidParameter');
  });
});
