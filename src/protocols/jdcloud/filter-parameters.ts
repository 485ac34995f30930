/** Filters as lists take them, in a query `filters.1.name=status&filters.1.values.1=available`. */
import { FaultError } from '../shared/faults.ts';
import { list, object, oneOf, type Parameter, required, text } from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;
const atMost = (most: number) => ({ most, tooMany: outOfRange, fault: parameterInvalid });

/** What a value of each filter is, by the filters' names. */
type FilterRules = Readonly<Record<string, Parameter<string | undefined>>>;

/** The values that each filter lets through; undefined where it is not asked for. */
export type Filters<Rules extends FilterRules> = {
  readonly [Name in keyof Rules]?: Rules[Name] extends Parameter<infer Value> ? readonly NonNullable<Value>[] : never;
};

export function filters<Rules extends FilterRules>(rules: Rules): Parameter<Filters<Rules>> {
  const names = Object.keys(rules);
  const filter = object(
    {
      name: required(oneOf(names, parameterInvalid), parameterMissing),
      values: required(list(text({ fault: parameterInvalid }), atMost(100)), parameterMissing),
      // Of the cloud's operators these two say the same of a list of values.
      operator: oneOf(['eq', 'in'], parameterInvalid),
    },
    parameterInvalid,
  );
  const all = list(filter, atMost(names.length));
  const values = new Map(names.map((name) => [name, required(rules[name] as FilterRules[string], parameterInvalid)]));
  return {
    ...all,
    rule: `by ${names.join(', ')}; each once; operator eq or in; 100 values at most`,
    faults: [...new Set([...all.faults, ...[...values.values()].flatMap(({ faults }) => faults)])],
    read(value, path) {
      const read: Record<string, readonly unknown[]> = {};
      for (const { name, values: given } of all.read(value, path) ?? []) {
        if (read[name] !== undefined) throw new FaultError(parameterInvalid, `${path}.name`);
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
