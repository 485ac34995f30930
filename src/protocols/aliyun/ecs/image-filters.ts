/** `Filter.1.Key`, `Filter.1.Value` …, as DescribeImages takes them. */
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { groups, text } from '../parameters.ts';
import { type CreatedWithin, createdWithin } from './created-within.ts';
import { describeImagesFaults as faults } from './describe-images-faults.ts';

/** What the filters ask for together. */
export interface ImageFilters extends CreatedWithin {
  /** They ask for what no image here has: another network than a VPC, or hot-plugging. */
  readonly matchesNone?: true;
}

function readNetworkType(value: string): ImageFilters {
  if (value === 'vpc') return {};
  if (value === 'classic') return { matchesNone: true };
  throw new FaultError(faults.networkTypeUnknown);
}

function readHotPlugging(value: string): ImageFilters | undefined {
  if (value === 'unsupported') return {};
  return value === 'supported' ? { matchesNone: true } : undefined;
}

/** Undefined: not a value of this key. */
const readers = new Map<string | undefined, (value: string) => ImageFilters | undefined>([
  ...createdWithin,
  ['NetworkType', readNetworkType],
  ['CpuOnlineUpgrade', readHotPlugging],
  ['CpuOnlineDowngrade', readHotPlugging],
  ['MemoryOnlineUpgrade', readHotPlugging],
  ['MemoryOnlineDowngrade', readHotPlugging],
]);

const pairs = groups({ Key: text(), Value: text() }, { most: 20, tooMany: faults.invalid });

export const imageFilters: Parameter<ImageFilters> = {
  ...pairs,
  rule: `20 at most, each with a Key (${[...readers.keys()].join(', ')}) and a Value (a time like 2017-12-05T22:40Z; vpc or classic; supported or unsupported)`,
  faults: [faults.invalid, faults.filterKeyUnknown, faults.filterValueInvalid, faults.networkTypeUnknown],
  read(values, name) {
    const read = pairs.read(values, name).map(({ Key, Value = '' }) => {
      const reader = readers.get(Key);
      if (reader === undefined) throw new FaultError(faults.filterKeyUnknown);
      const filter = reader(Value);
      if (filter === undefined) throw new FaultError(faults.filterValueInvalid);
      return filter;
    });
    return Object.assign({}, ...read) as ImageFilters;
  },
};
