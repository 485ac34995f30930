/** Whole requests to an operation, from the words of its OpenAPI description. */
import fc from 'fast-check';
import type { Operation } from '../../src/protocols/native/operation.ts';
import { bodyText, hostile, type Schema, valid } from './arbitraries.ts';

export interface FuzzRequest {
  readonly operation: Operation;
  readonly method: string;
  /** Below `/api/v1`; it and the body may name things that are there (`existing`). */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Which of the credentials it is sent with. */
  readonly caller: number;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

/** What the OpenAPI document says of an operation. */
export interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** The value once in `times`. */
function sometimes<Value>(arbitrary: fc.Arbitrary<Value>, times: number): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: times - 1 }, { arbitrary, weight: 1 });
}
/** Of the values, mostly the first. */
const mostly = <Value>(usual: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: other, weight: 1 });

const hostileText = hostile.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));

/** The head of a request has 16 KiB at most, and several of these. */
const longest = 1000;

/** Encoded as a path or a query takes it; halves of surrogate pairs as the bytes that they would be. */
function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return encodeURIComponent(text.slice(0, longest).toWellFormed()).replaceAll('%40', '@').replaceAll('%3A', ':');
}

const headerValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'idempotency-key': fc.constantFrom('one', 'two', 'three', '', 'x'.repeat(65), 'with space'),
  'if-match': fc.constantFrom('*', '"1"', '"2"', 'W/"1"', '"x"', '1', '"1", "2"', '"99999999999999999999"'),
  'if-none-match': fc.constantFrom('*', '"1"', 'W/"1"', '"x", "1"', 'nonsense'),
  range: fc.constantFrom(
    'bytes=0-9',
    'bytes=-1',
    'bytes=9-',
    'bytes=99999999999999999999-',
    'bytes=0-1,3-4',
    'lines=1-2',
  ),
  'if-range': fc.constantFrom('"x"', 'yesterday'),
  'upload-complete': fc.constantFrom('?0', '?1', 'yes', ''),
  'upload-offset': fc.constantFrom('0', '1', '4096', '-1', '9'.repeat(30)),
  'upload-length': fc.constantFrom('4096', '0', 'many'),
  'content-type': fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=latin1', '', 'nonsense'),
  'content-digest': fc.constantFrom('sha-256=:AAAA:', 'nonsense'),
  'signature-input': fc.constantFrom('x=("@method");created=1', 'nonsense'),
  signature: fc.constantFrom('x=:AAAA:', 'nonsense'),
  accept: fc.constantFrom('application/vnd.mimeo.extents', 'text/html', '*/*'),
  authorization: fc.constantFrom('Bearer wrong', 'Basic eDp5', ''),
};

/** Requests to `operation`, sent with one of `callers`. */
export function requestsTo(
  operation: Operation,
  { parameters = [], requestBody }: Described,
  components: Readonly<Record<string, Schema>>,
  callers: readonly number[],
): fc.Arbitrary<FuzzRequest> {
  const path = fc
    .tuple(
      ...[...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
        const parameter = parameters.find((each) => each.in === 'path' && each.name === name);
        return mostly(valid(parameter?.schema ?? { type: 'string' }, components, name), hostileText);
      }),
    )
    .map((values) => {
      let index = 0;
      // An empty one would be another path.
      return operation.path.replaceAll(/\{\w+\}/g, () => encode(values[index++] ?? '') || '-');
    });

  const queries = parameters.filter((each) => each.in === 'query');
  const query = fc
    .tuple(
      ...queries.map(({ name, schema, required }) => {
        const value = mostly(valid(schema, components, name), hostile);
        return (required ? value : sometimes(value, 6)).map((given) => [name, given] as const);
      }),
      sometimes(fc.constant(1), 40).map((given) => ['colour', given] as const),
    )
    .map((given) =>
      given.flatMap(([name, value]) =>
        value === undefined ? [] : [value].flat().map((each) => `${name}=${encode(each)}`),
      ),
    );

  const [[type, { schema }] = ['', { schema: {} as Schema }]] = Object.entries(requestBody?.content ?? {});
  const isJson = type === 'application/json';
  const bytes = fc.string({ unit: 'binary-ascii', maxLength: 5000 });
  const body =
    requestBody === undefined ? sometimes(fc.constant('{}'), 10) : isJson ? bodyText(schema, components) : bytes;

  const headers = fc.record(
    Object.fromEntries(
      Object.entries(headerValues).map(([name, value]) => {
        const isMeant = parameters.some((each) => each.in === 'header' && each.name === name);
        return [name, sometimes(value, isMeant ? 2 : 150)];
      }),
    ),
  );

  return fc.record({ path, query, body, headers, caller: fc.constantFrom(...callers) }).map((made) => ({
    operation,
    method: operation.method,
    path: made.query.length === 0 ? made.path : `${made.path}?${made.query.join('&')}`,
    headers: {
      ...(made.body !== undefined && { 'content-type': type || 'application/json' }),
      ...(Object.fromEntries(Object.entries(made.headers).filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >),
    },
    body: made.body,
    caller: made.caller,
  }));
}
