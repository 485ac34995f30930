/** Filters as lists take them, in a query `filters.1.name=status&filters.1.values.1=available`. */
import { FaultError } from '../shared/faults.ts';
import type { Parameter } from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';
import { list, object, oneOf, required, text, texts } from './parameters.ts';

const { parameterInvalid } = commonFaults;

/** What a value of each filter is, by the filters' names. */
type FilterRules = Readonly<Record<string, Parameter<string | undefined>>>;

/** The values that each filter lets through; undefined where it is not asked for. */
export type Filters<Rules extends FilterRules> = {
  readonly [Name in keyof Rules]?: Rules[Name] extends Parameter<infer Value> ? readonly NonNullable<Value>[] : never;
};

/** `fuzzy`: names of those that let through what a value is a part of, so that `like` says what they do anyway. */
export function filters<Rules extends FilterRules>(
  rules: Rules,
  fuzzy: readonly (keyof Rules)[] = [],
): Parameter<Filters<Rules>> {
  const names = Object.keys(rules);
  const filter = object({
    name: required(oneOf(names)),
    values: required(texts(text(), 100)),
    // The cloud's others compare, or leave out: no filter here does.
    operator: oneOf(['eq', 'in', 'like']),
  });
  const all = list(filter, names.length);
  const values = new Map(names.map((name) => [name, required(rules[name] as FilterRules[string], parameterInvalid)]));
  return {
    ...all,
    rule: `by ${names.join(', ')}; each once; operator eq or in${fuzzy.length > 0 ? `, or like for ${fuzzy.join(', ')}` : ''}; 100 values at most`,
    faults: [...new Set([...all.faults, ...[...values.values()].flatMap(({ faults }) => faults)])],
    read(value, path) {
      const read: Record<string, readonly unknown[]> = {};
      for (const { name, values: given, operator } of all.read(value, path) ?? []) {
        if (read[name] !== undefined) throw new FaultError(parameterInvalid, `${path}.name`);
        if (operator === 'like' && !fuzzy.includes(name)) throw new FaultError(parameterInvalid, `${path}.operator`);
        read[name] = given.map((each) => values.get(name)?.read(each, name));
      }
      return read as Filters<Rules>;
    },
  };
}

/** Of a filter that takes one value. */
export function onlyValue(values: readonly string[] | undefined, name: string): string | undefined {
  const [value, ...others] = values ?? [];
  if (others.length > 0) throw new FaultError(parameterInvalid, name);
  return value;
}
