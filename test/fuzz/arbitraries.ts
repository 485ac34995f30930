/** Requests made from the OpenAPI document: as it wants them, nearly so, and as somebody would who means harm. */
import fc from 'fast-check';

/** The part of JSON Schema that the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** Where things of a kind are named: paths' parameters, bodies' fields and queries. */
const kinds: Readonly<Record<string, string>> = {
  image: 'images',
  images: 'images',
  source: 'images',
  copy: 'copies',
  user: 'users',
  actor: 'users',
  key: 'access-keys',
  session: 'sessions',
  project: 'projects',
  agency: 'agencies',
  group: 'resource-groups',
  resourceGroup: 'resource-groups',
  account: 'accounts',
  trustedAccount: 'accounts',
  webhook: 'webhooks',
  delivery: 'deliveries',
  resource: 'images',
};

/** Stands for a thing that is there when the request is sent: `@images:7@`. */
export function existing(kind: string): fc.Arbitrary<string> {
  return fc.nat(1000).map((index) => `@${kind}:${index}@`);
}

const places = fc.constantFrom('north', 'south');

/** Nobody's friend. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff x',
    'x'.repeat(20_000),
    '\u202e\u0301\u{1f4a9}',
    "'; DROP TABLE images; --",
    '../../../etc/passwd',
    '%00',
    '__proto__',
    'self',
    '00000000-0000-0000-0000-000000000000',
    '9'.repeat(16),
    -1,
    0,
    0.5,
    1e308,
    -1e308,
    2 ** 31,
    2 ** 53,
    2 ** 63,
    [],
    {},
    [[[[[[[[[[]]]]]]]]]],
    { $ne: null },
    { toString: 1 },
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** What the schema lets through, as far as it says; `name`: the field's. */
export function valid(schema: Schema, components: Readonly<Record<string, Schema>>, name = ''): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    return valid(components[schema.$ref.split('/').at(-1) ?? ''] ?? {}, components, name);
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valid(each, components, name)));
  switch (schema.type) {
    case 'string':
      return text(schema, name);
    case 'integer':
    case 'number':
      return number(schema);
    case 'boolean':
      return fc.boolean();
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 4 } = schema;
      return fc.array(valid(items, components, name), {
        minLength: minItems,
        maxLength: Math.min(maxItems, minItems + 3),
      });
    }
    case 'object':
      return object(schema, components);
    default:
      return fc.constant(null);
  }
}

function text({ format }: Schema, name: string): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const range = { min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true };
    return fc.date(range).map((date) => date.toISOString());
  }
  if (name.startsWith('region')) return places;
  if (name === 'url') return fc.webUrl();
  if (name === 'types' || name === 'type') return fc.constantFrom('*', 'image.*', 'copy.succeeded');
  const anyWord = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  // Some names take no other letters.
  const plainWord = fc.stringMatching(/^[a-z][a-z0-9-]{1,15}$/);
  const word = name === 'name' ? fc.oneof({ arbitrary: plainWord, weight: 4 }, anyWord) : anyWord;
  const kind = kinds[name];
  return kind === undefined ? word : fc.oneof({ arbitrary: existing(kind), weight: 4 }, { arbitrary: word, weight: 1 });
}

function number({ minimum = -1000, maximum = 1e15 }: Schema): fc.Arbitrary<number> {
  const small = fc.integer({ min: minimum, max: Math.min(maximum, Math.max(minimum, 10_000)) });
  return fc.oneof({ arbitrary: small, weight: 4 }, { arbitrary: fc.constantFrom(minimum, maximum), weight: 1 });
}

function object(schema: Schema, components: Readonly<Record<string, Schema>>): fc.Arbitrary<object> {
  const { properties = {}, required = [], additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 });
    return fc.dictionary(key, valid(additionalProperties, components), { maxKeys: 3, noNullPrototype: true });
  }
  const fields = Object.entries(properties).map(([field, each]) => [field, valid(each, components, field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
}

/** A body that `schema` lets through, one with a field that it does not, or something else altogether; as text. */
export function bodyText(schema: Schema, components: Readonly<Record<string, Schema>>): fc.Arbitrary<string> {
  const good = valid(schema, components);
  const spoilt = fc.tuple(good, fc.nat(), hostile, fc.boolean()).map(([body, index, value, adds]) => {
    if (typeof body !== 'object' || body === null) return value;
    const fields = Object.keys(body);
    const field = adds || fields.length === 0 ? 'colour' : (fields[index % fields.length] ?? '');
    return { ...body, [field]: value };
  });
  return fc.oneof(
    { arbitrary: good.map((body) => JSON.stringify(body)), weight: 12 },
    { arbitrary: spoilt.map((body) => JSON.stringify(body) ?? ''), weight: 4 },
    { arbitrary: hostile.map((body) => JSON.stringify(body) ?? ''), weight: 1 },
    { arbitrary: malformed, weight: 1 },
  );
}

const malformed = fc.constantFrom(
  '',
  '{',
  '{"a":}',
  'null',
  '\ufeff{}',
  '[',
  '['.repeat(20_000),
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"name":"a","name":"b"}',
  'x'.repeat(2 * 1024 * 1024),
);
