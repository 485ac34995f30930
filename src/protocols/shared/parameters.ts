/**
 * What an operation's parameters can be, in a path, a query or a JSON body. Each says for people what its rule is, and
 * reads its value or throws the fault of its rule. Null counts as absent. Clients write numbers and truth values as
 * JSON's own or as texts, and in a query they have no choice, so both are read everywhere.
 */
import { isStorable } from '../../lib/storable-text.ts';
import { FaultError, type Occurring } from './faults.ts';

export interface Parameter<Value> {
  /** `List` and `Group`: of texts and of objects, whose names have numbers in them: `Id.1`, `Tag.1.Key`. */
  readonly type: 'String' | 'Integer' | 'Boolean' | 'Array' | 'Object' | 'List' | 'Group';
  readonly isRequired: boolean;
  /** A sentence without an end; empty when there is nothing to say. */
  readonly rule: string;
  /** Each with which it is refused. */
  readonly faults: readonly Occurring[];
  read(value: unknown, name: string): Value;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** Where nothing can be said. */
export type NoParameters = Readonly<Record<never, Parameter<unknown>>>;

/** What was read, under the parameters' own names. */
export type Read<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer Value> ? Value : never;
};

/** `values`: what is not a parameter is ignored, as the clouds do. `path`: of the object that they are members of. */
export function readParameters<P extends Parameters>(
  parameters: P,
  values: Readonly<Record<string, unknown>>,
  path = '',
): Read<P> {
  const own = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);
  const read = Object.entries(parameters).map(([name, parameter]) => [name, parameter.read(own(name), path + name)]);
  return Object.fromEntries(read) as Read<P>;
}

export interface TextRule {
  readonly rule?: string;
  readonly fault: Occurring;
  /** What is well formed; without it everything is that the database can hold. */
  readonly matches?: RegExp | ((text: string) => boolean);
}

/** A text as it was given, the empty one, too. */
export function text({ rule = '', fault, matches }: TextRule): Parameter<string | undefined> {
  const isRight = (value: string) =>
    isStorable(value) && (matches === undefined || (matches instanceof RegExp ? matches.test(value) : matches(value)));
  return {
    type: 'String',
    isRequired: false,
    rule,
    faults: [fault],
    read(value, name) {
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'string' || !isRight(value)) throw new FaultError(fault, name);
      return value;
    },
  };
}

/** One of these words, in their case; the empty text counts as none. */
export function oneOf<Word extends string>(words: readonly Word[], fault: Occurring): Parameter<Word | undefined> {
  const known: ReadonlySet<string> = new Set(['', ...words]);
  const parameter = text({ rule: `one of ${words.join(', ')}`, fault, matches: (word) => known.has(word) });
  return { ...parameter, read: (value, name) => (parameter.read(value, name) || undefined) as Word | undefined };
}

/** `true`, `"true"`, `"True"` … */
export function flag(fault: Occurring): Parameter<boolean | undefined> {
  const words = text({ rule: 'true or false', fault, matches: /^(true|false|)$/i });
  return {
    ...words,
    type: 'Boolean',
    read(value, name) {
      if (typeof value === 'boolean') return value;
      const word = words.read(value, name);
      return word ? word.toLowerCase() === 'true' : undefined;
    },
  };
}

export interface WholeRule {
  readonly least: number;
  readonly most: number;
  readonly fault: Occurring;
}

/** A whole number, in digits if it is a text. */
export function whole({ least, most, fault }: WholeRule): Parameter<number | undefined> {
  return {
    type: 'Integer',
    isRequired: false,
    rule: `${least} to ${most}`,
    faults: [fault],
    read(value, name) {
      if (value === undefined || value === null || value === '') return undefined;
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      if (!Number.isSafeInteger(number)) throw new FaultError(fault, name);
      if ((number as number) < least || (number as number) > most) throw new FaultError(fault, name);
      return number as number;
    },
  };
}

interface ListRule {
  readonly most: number;
  /** Of one that is too many. */
  readonly tooMany: Occurring;
  /** Of what is no list. */
  readonly fault: Occurring;
}

/** A JSON array. */
export function list<Value>(
  item: Parameter<Value | undefined>,
  { most, tooMany, fault }: ListRule,
): Parameter<Value[] | undefined> {
  return {
    type: 'Array',
    isRequired: false,
    rule: `${most} at most${item.rule ? `; each ${item.rule}` : ''}`,
    faults: [...new Set([fault, tooMany, ...item.faults])],
    read(value, name) {
      if (value === undefined || value === null) return undefined;
      if (!Array.isArray(value)) throw new FaultError(fault, name);
      if (value.length > most) throw new FaultError(tooMany, name);
      return value.map((each) => {
        const read = item.read(each, name);
        if (read === undefined) throw new FaultError(fault, name);
        return read;
      });
    },
  };
}

/** A JSON object with these members; `read` of a member is given its path: `auth.identity`. */
export function object<P extends Parameters>(members: P, fault: Occurring): Parameter<Read<P> | undefined> {
  return {
    type: 'Object',
    isRequired: false,
    rule: `has ${Object.keys(members).join(', ')}`,
    faults: [...new Set([fault, ...Object.values(members).flatMap(({ faults }) => faults)])],
    read(value, name) {
      if (value === undefined || value === null) return undefined;
      if (!isObject(value)) throw new FaultError(fault, name);
      return readParameters(members, value, `${name}.`);
    },
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same parameter, but a request without it is refused; an empty text is none. */
export function required<Value>(parameter: Parameter<Value | undefined>, missing: Occurring): Parameter<Value> {
  return {
    ...parameter,
    isRequired: true,
    faults: [...new Set([missing, ...parameter.faults])],
    read(value, name) {
      const read = parameter.read(value, name);
      if (read === undefined || read === '') throw new FaultError(missing, name);
      return read;
    },
  };
}

/** The same parameter, with a value where a request does not say. */
export function defaulting<Value>(parameter: Parameter<Value | undefined>, value: Value): Parameter<Value> {
  const rule = `${parameter.rule ? `${parameter.rule}, ` : ''}${value} by default`;
  return { ...parameter, rule, read: (given, name) => parameter.read(given, name) ?? value };
}
