/** `Filter.1.Key`, `Filter.1.Value` …, as DescribeImages takes them. */
import { FaultError } from '../fault.ts';
import { groups, type Parameter, text } from '../parameters.ts';
import { readTime } from '../times.ts';
import { describeImagesFaults as faults } from './describe-images-faults.ts';

/** What the filters ask for together. */
export interface ImageFilters {
  /** Epoch milliseconds, inclusive. */
  readonly createdAfter?: number;
  /** Epoch milliseconds, exclusive. */
  readonly createdBefore?: number;
  /** They ask for what no image here has: another network than a VPC, or hot-plugging. */
  readonly matchesNone?: true;
}

function timeOf(value: string): number {
  const time = readTime(value);
  if (time === undefined) throw new FaultError(faults.filterValueInvalid);
  return time;
}

function readNetworkType(value: string): ImageFilters {
  if (value === 'vpc') return {};
  if (value === 'classic') return { matchesNone: true };
  throw new FaultError(faults.networkTypeUnknown);
}

function readHotPlugging(value: string): ImageFilters {
  if (value === 'unsupported') return {};
  if (value === 'supported') return { matchesNone: true };
  throw new FaultError(faults.filterValueInvalid);
}

const readers: ReadonlyMap<string | undefined, (value: string) => ImageFilters> = new Map([
  ['CreationStartTime', (value) => ({ createdAfter: timeOf(value) })],
  ['CreationEndTime', (value) => ({ createdBefore: timeOf(value) })],
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
      return reader(Value);
    });
    return Object.assign({}, ...read) as ImageFilters;
  },
};
