import { expect, it } from 'vitest';
import { changeProperties, checkProperties } from './image-properties.ts';

it('leaves what is left out, sets what is given and takes away what is null', () => {
  const changed = changeProperties(
    { kept: 'a', changed: 'b', removed: 'c' },
    { changed: '', added: 'd', removed: null },
  );
  expect(changed).toEqual({ kept: 'a', changed: '', added: 'd' });
  expect(changeProperties(changed, { neverThere: null })).toEqual(changed);
});

it('keeps a name that objects have of themselves as any other', () => {
  const named = changeProperties({}, JSON.parse('{"__proto__": "x", "constructor": "y"}'));
  expect(Object.entries(named)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  checkProperties(named);
  expect(Object.keys(changeProperties(named, JSON.parse('{"__proto__": null}')))).toEqual(['constructor']);
});

const many = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, number) => [`${number}`.padStart(8, '-'), value]));

it.each<[string, Record<string, string>]>([
  ['128 of them', many(128, 'x')],
  ['a name of 255 characters', { ['x'.repeat(255)]: '' }],
  ['a value of 4096 characters', { name: '日'.repeat(4096) }],
  ['64 KiB in all', many(64, 'x'.repeat(1016))],
  ['control characters, line ends and spaces', { ' a\tb ': ' \n ' }],
])('lets pass %s', (_, properties) => {
  expect(() => checkProperties(properties)).not.toThrow();
});

it.each<[string, Record<string, string>, string]>([
  ['129 of them', many(129, 'x'), 'must be at most 128'],
  ['no name', { '': 'x' }, 'names must have 1 to 255 characters'],
  ['a name of 256 characters', { ['x'.repeat(256)]: '' }, 'names must have 1 to 255 characters'],
  ['a value of 4097 characters', { name: 'x'.repeat(4097) }, 'values must have at most 4096 characters'],
  ['a byte over 64 KiB', { ...many(64, 'x'.repeat(1016)), x: '' }, 'must have at most 65536 bytes in all'],
  ['bytes, not characters', many(64, '日'.repeat(400)), 'must have at most 65536 bytes in all'],
  ['U+0000 in a name', { 'a\0': '' }, 'must not contain U+0000 or half a surrogate pair'],
  ['half of a surrogate pair in a value', { a: '\ud800' }, 'must not contain U+0000 or half a surrogate pair'],
])('refuses %s', (_, properties, rule) => {
  const refusal = { code: 'request.invalid', facts: { field: 'properties', rule } };
  expect(() => checkProperties(properties)).toThrow(expect.objectContaining(refusal));
});
