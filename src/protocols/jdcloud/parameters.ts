/** Parameters as any dialect has them, which are refused with the rows of JD Cloud that every operation can meet. */
import type { Occurring } from '../shared/faults.ts';
import {
  flag as flagOr,
  list as listOr,
  object as objectOr,
  oneOf as oneOfOr,
  type Parameter,
  type Parameters,
  type Read,
  required as requiredOr,
  type TextRule,
  text as textOr,
  type WholeRule,
  whole as wholeOr,
} from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;

export function text(rule: Omit<TextRule, 'fault'> = {}): Parameter<string | undefined> {
  return textOr({ ...rule, fault: parameterInvalid });
}

/** A text that may be empty, which counts as none. */
export function filledText({ rule, ...match }: Omit<TextRule, 'fault'>): Parameter<string | undefined> {
  const filled = text({ rule: `${rule}; an empty one counts as none`, ...match });
  return { ...filled, read: (value, name) => (value === '' ? undefined : filled.read(value, name)) };
}

export function oneOf<Word extends string>(words: readonly Word[]): Parameter<Word | undefined> {
  return oneOfOr(words, parameterInvalid);
}

export function flag(): Parameter<boolean | undefined> {
  return flagOr(parameterInvalid);
}

export function whole(rule: Omit<WholeRule, 'fault'>, fault: Occurring = outOfRange): Parameter<number | undefined> {
  return wholeOr({ ...rule, fault });
}

/** `tooMany`: of one that is longer than `most`. */
export function list<Value>(
  item: Parameter<Value | undefined>,
  most: number,
  tooMany: Occurring = outOfRange,
): Parameter<Value[] | undefined> {
  return listOr(item, { most, tooMany, fault: parameterInvalid });
}

/** As {@link list}; jdc writes the only one of a list without brackets. An empty text is none. */
export function texts(
  item: Parameter<string | undefined>,
  most: number,
  tooMany: Occurring = outOfRange,
): Parameter<string[] | undefined> {
  const all = list(item, most, tooMany);
  const read = (value: unknown, name: string) => all.read(typeof value === 'string' ? [value] : value, name);
  return {
    ...all,
    rule: `${all.rule}; one alone may be a text`,
    read: (value, name) => (value === '' ? undefined : read(value, name)),
  };
}

export function object<P extends Parameters>(members: P): Parameter<Read<P> | undefined> {
  return objectOr(members, parameterInvalid);
}

/** The same parameter, but a request without it is refused; an empty text is none. */
export function required<Value>(
  parameter: Parameter<Value | undefined>,
  missing: Occurring = parameterMissing,
): Parameter<Value> {
  return requiredOr(parameter, missing);
}
