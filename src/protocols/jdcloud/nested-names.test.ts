import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type NestedValue, nest } from './nested-names.ts';

/** As the clouds' clients write a tree: elements of lists by their numbers, from 1. */
function flatten(value: NestedValue, name: string): [name: string, value: string][] {
  if (typeof value === 'string') return [[name, value]];
  const members = Array.isArray(value)
    ? value.map((element, index) => [String(index + 1), element] as const)
    : Object.entries(value);
  return members.flatMap(([part, member]) => flatten(member, `${name}.${part}`));
}

const names = fc.oneof(fc.constantFrom('constructor', 'toString', '', '1a'), fc.stringMatching(/^[A-Za-z-]\w{0,5}$/));
const { tree } = fc.letrec<{ tree: NestedValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.array(tie('tree'), { minLength: 1, maxLength: 12 }),
    fc.dictionary(names, tie('tree'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
  ),
}));

it('makes the tree again that a client has flattened, in whichever order', () => {
  const sent = fc.dictionary(names, tree, { minKeys: 1, maxKeys: 4, noNullPrototype: true }).chain((value) => {
    const pairs = Object.entries(value).flatMap(([name, member]) => flatten(member, name));
    return fc.tuple(fc.constant(value), fc.shuffledSubarray(pairs, { minLength: pairs.length }));
  });
  fc.assert(
    fc.property(sent, ([value, pairs]) => {
      expect(nest(pairs)).toEqual(value);
    }),
  );
});

it('makes a list of elements in the order of their numbers, whichever these are', () => {
  const numbers = fc.uniqueArray(fc.nat({ max: 999_999_999 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(numbers, (some) => {
      const inOrder = some.toSorted((one, other) => one - other).map(String);
      expect(nest(some.map((number) => [`ids.${number}`, String(number)]))).toEqual({ ids: inOrder });
    }),
  );
});

it.each<[what: string, query: string, tree: object]>([
  ['nothing', '', {}],
  ['a filter', 'filters.1.name=image&filters.1.values.1=a', { filters: [{ name: 'image', values: ['a'] }] }],
  ['the first of a name that comes twice', 'ids.1=a&ids.1=b', { ids: ['a'] }],
  ['members, of what has a value, too', 'tag=a&tag.key=b', { tag: { key: 'b' } }],
  ['no list, where a member is none of its elements', 'ids.1=a&ids.x=b', { ids: { 1: 'a', x: 'b' } }],
  ['no list of numbers that are too long', 'ids.1234567890=a', { ids: { 1234567890: 'a' } }],
  ['nothing of a name with too many parts', `${'a.'.repeat(4000)}a=b&c=d`, { c: 'd' }],
  ['what every object has as a name like others', '__proto__.a=b', { ['__proto__']: { a: 'b' } }],
])('makes %s of %j', (_what, query, tree) => {
  const made = nest(new URLSearchParams(query));
  expect(made).toEqual(tree);
  expect(Object.keys(made)).toEqual(Object.keys(tree));
});
