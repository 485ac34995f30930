/**
 * What is Alibaba Cloud's own in an operation's parameters: their names are flat, and lists have numbers in theirs. Nothing but
 * tag values may be empty: an empty parameter counts as absent.
 */
import { FaultError } from '../shared/faults.ts';
import {
  flag as flagOr,
  type Parameter,
  type Parameters,
  type Read,
  required as requiredOr,
  type TextRule,
  text as textOr,
} from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';

/** A request's parameters, of its query and its form, decoded. */
export type Values = ReadonlyMap<string, string>;

/** `path`: what the parameters' names begin with in the request. */
export function readParameters<P extends Parameters>(parameters: P, values: Values, path = ''): Read<P> {
  const read = Object.entries(parameters).map(([name, parameter]) => [name, readFrom(values, parameter, path + name)]);
  return Object.fromEntries(read) as Read<P>;
}

/** A list finds its parts by itself, among all values. */
function readFrom<Value>(values: Values, parameter: Parameter<Value>, name: string): Value {
  const isList = parameter.type === 'List' || parameter.type === 'Group';
  return parameter.read(isList ? values : values.get(name) || undefined, name);
}

export function text(rule: TextRule = { fault: commonFaults.invalidParameter }): Parameter<string | undefined> {
  return textOr(rule);
}

/** Clients write `true`, `True`, `false` and `False`. */
export function flag(fault: Fault = commonFaults.invalidParameter): Parameter<boolean | undefined> {
  return flagOr(fault);
}

/** The same parameter, but a request without it is refused. */
export function required<Value>(
  parameter: Parameter<Value | undefined>,
  missing: Fault = commonFaults.missingParameter,
): Parameter<Value> {
  return requiredOr(parameter, missing);
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
    read(list, name) {
      if (typeof list !== 'string') return [];
      const words = list.split(',').filter((word) => word !== '');
      if (words.length > most || words.length === 0) throw new FaultError(fault, name);
      return words.flatMap((word) => parameter.read(word, name) ?? []);
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
    read(all, name) {
      const values = all as Values;
      const numbers = numbersOf(values, name);
      if (numbers.length > most && tooMany !== undefined) throw new FaultError(tooMany, name);
      return numbers.slice(0, most).flatMap((number) => readFrom(values, parameter, `${name}.${number}`) ?? []);
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
    read(all, name) {
      const values = all as Values;
      const numbers = numbersOf(values, name);
      if (numbers.length > most) throw new FaultError(tooMany, name);
      return numbers.map((number) => readParameters(fields, values, `${name}.${number}.`));
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
