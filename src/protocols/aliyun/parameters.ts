/**
 * What an operation's parameters can be. Each says for people what its rule is, and reads its value out of a request's
 * parameters or throws the fault of its rule. Nothing but tag values may be empty: an empty parameter counts as absent.
 */
import { isStorable } from '../../lib/storable-text.ts';
import { commonFaults } from './common-faults.ts';
import { type Fault, FaultError } from './fault.ts';

/** A request's parameters, of its query and its form, decoded. */
export type Values = ReadonlyMap<string, string>;

export interface Parameter<Value> {
  /** As Alibaba Cloud's reference has it. */
  readonly type: 'String' | 'Boolean' | 'Integer' | 'List' | 'Group';
  readonly isRequired: boolean;
  /** A sentence without an end; empty when there is nothing to say. */
  readonly rule: string;
  /** Each with which it is refused. */
  readonly faults: readonly Fault[];
  read(values: Values, name: string): Value;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What was read, under the parameters' own names. */
export type Read<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer Value> ? Value : never;
};

export function readParameters<P extends Parameters>(parameters: P, values: Values): Read<P> {
  const read = Object.entries(parameters).map(([name, parameter]) => [name, parameter.read(values, name)]);
  return Object.fromEntries(read) as Read<P>;
}

interface TextRule {
  readonly rule: string;
  readonly fault: Fault;
  /** What is well formed; without it everything is that the database can hold. */
  readonly matches?: RegExp | ((text: string) => boolean);
}

function isRight(text: string, matches: TextRule['matches']): boolean {
  if (!isStorable(text)) return false;
  if (matches === undefined) return true;
  return matches instanceof RegExp ? matches.test(text) : matches(text);
}

export function text(
  { rule, fault, matches }: TextRule = { rule: '', fault: commonFaults.invalidParameter },
): Parameter<string | undefined> {
  return {
    type: 'String',
    isRequired: false,
    rule,
    faults: [fault],
    read(values, name) {
      const value = values.get(name);
      if (value === undefined || value === '') return undefined;
      if (!isRight(value, matches)) throw new FaultError(fault, name);
      return value;
    },
  };
}

/** One of these words, in their case. */
export function oneOf<Word extends string>(words: readonly Word[], fault: Fault): Parameter<Word | undefined> {
  const known: ReadonlySet<string> = new Set(words);
  const parameter = text({ rule: `one of ${words.join(', ')}`, fault, matches: (word) => known.has(word) });
  return parameter as Parameter<Word | undefined>;
}

/** Clients write `true`, `True`, `false` and `False`. */
export function flag(fault: Fault = commonFaults.invalidParameter): Parameter<boolean | undefined> {
  const words = text({ rule: 'true or false', fault, matches: /^(true|false)$/i });
  return {
    ...words,
    type: 'Boolean',
    read(values, name) {
      const word = words.read(values, name);
      return word === undefined ? undefined : word.toLowerCase() === 'true';
    },
  };
}

interface WholeRule<Otherwise> {
  readonly least: number;
  readonly most: number;
  readonly otherwise?: Otherwise;
  readonly fault: Fault;
}

/** A whole number in decimal digits. */
export function whole<Otherwise extends number | undefined = undefined>({
  least,
  most,
  otherwise,
  fault,
}: WholeRule<Otherwise>): Parameter<number | Otherwise> {
  const digits = text({
    rule: `${least} to ${most}${otherwise === undefined ? '' : `, ${otherwise} by default`}`,
    fault,
    matches: (word) => /^\d{1,15}$/.test(word) && Number(word) >= least && Number(word) <= most,
  });
  return {
    ...digits,
    type: 'Integer',
    read(values, name) {
      const word = digits.read(values, name);
      return word === undefined ? (otherwise as Otherwise) : Number(word);
    },
  };
}

/** The same parameter, but a request without it is refused. */
export function required<Value>(
  parameter: Parameter<Value | undefined>,
  missing: Fault = commonFaults.missingParameter,
): Parameter<Value> {
  return {
    ...parameter,
    isRequired: true,
    faults: [missing, ...parameter.faults],
    read(values, name) {
      const value = parameter.read(values, name);
      if (value === undefined) throw new FaultError(missing, name);
      return value;
    },
  };
}

/** Words with commas between them. Commas alone are no list: they would ask for everything. */
export function commaList<Word extends string>(
  parameter: Parameter<Word | undefined>,
  most: number,
  fault: Fault,
): Parameter<Word[]> {
  return {
    ...parameter,
    rule: `${parameter.rule ? `${parameter.rule}; ` : ''}several with commas between them, ${most} at most`,
    faults: [...new Set([...parameter.faults, fault])],
    read(values, name) {
      const list = values.get(name) ?? '';
      const words = list.split(',').filter((word) => word !== '');
      if (words.length > most || (list !== '' && words.length === 0)) throw new FaultError(fault, name);
      return words.flatMap((word) => parameter.read(new Map([[name, word]]), name) ?? []);
    },
  };
}

interface SeveralRule {
  readonly most: number;
  /** Of one that is too many. */
  readonly tooMany: Fault;
}

/** `Name.1`, `Name.2` …: whatever numbers clients use, in their order. Where too many are no fault, the first ones count. */
export function repeated(
  parameter: Parameter<string | undefined>,
  { most, tooMany }: Omit<SeveralRule, 'tooMany'> & Partial<SeveralRule>,
): Parameter<string[]> {
  return {
    type: 'List',
    isRequired: false,
    rule: `${parameter.rule ? `${parameter.rule}; ` : ''}${tooMany === undefined ? `the first ${most} count` : `${most} at most`}`,
    faults: [...new Set([...(tooMany === undefined ? [] : [tooMany]), ...parameter.faults])],
    read(values, name) {
      const numbers = numbersOf(values, name);
      if (numbers.length > most && tooMany !== undefined) throw new FaultError(tooMany, name);
      return numbers.slice(0, most).flatMap((number) => parameter.read(values, `${name}.${number}`) ?? []);
    },
  };
}

/** `Name.1.Field`, `Name.2.Field` …; `read` of a field is given the field's whole name. */
export function groups<P extends Parameters>(fields: P, { most, tooMany }: SeveralRule): Parameter<Read<P>[]> {
  return {
    type: 'Group',
    isRequired: false,
    rule: `${most} at most; each has ${Object.keys(fields).join(', ')}`,
    faults: [...new Set([tooMany, ...Object.values(fields).flatMap(({ faults }) => faults)])],
    read(values, name) {
      const numbers = numbersOf(values, name);
      if (numbers.length > most) throw new FaultError(tooMany, name);
      return numbers.map((number) => {
        const read = Object.entries(fields).map(([field, parameter]) => [
          field,
          parameter.read(values, `${name}.${number}.${field}`),
        ]);
        return Object.fromEntries(read) as Read<P>;
      });
    },
  };
}

/** The numbers that follow `Name.`, as they are written, ascending. */
function numbersOf(values: Values, name: string): string[] {
  const numbers = new Set<string>();
  for (const key of values.keys()) {
    const [, number] = key.startsWith(`${name}.`) ? (/^(\d{1,4})(\.|$)/.exec(key.slice(name.length + 1)) ?? []) : [];
    if (number !== undefined) numbers.add(number);
  }
  return [...numbers].sort((one, other) => Number(one) - Number(other));
}
