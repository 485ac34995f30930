/** What DescribeSnapshots is asked with, and its error table. */
import { FaultError } from '../../shared/faults.ts';
import { oneOf, type Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { parseJson } from '../json-text.ts';
import { flag, groups, required, text } from '../parameters.ts';
import { type CreatedWithin, createdWithin } from './created-within.ts';
import { pageParameters } from './paging-parameters.ts';
import { tagFilters } from './tag-parameters.ts';

export const snapshotListFaults = {
  snapshotIdsMalformed: {
    status: 403,
    code: 'InvalidSnapshotIds.Malformed',
    message: 'The amount of specified specified snapshot Ids exceeds the limit.',
    when: 'SnapshotIds is no JSON array of texts, or has more than 100',
  },
  filterKeyNotFound: {
    status: 404,
    code: 'InvalidFilterKey.NotFound',
    message: 'The specified Filter Key is not found.',
    when: 'a Filter is neither CreationStartTime nor CreationEndTime, or its value is no time',
  },
  usageInvalid: {
    status: 404,
    code: 'InvalidUsage',
    message: 'The specifed Usage is not valid',
    when: 'Usage is none of its words',
  },
  diskTypeInvalid: {
    status: 404,
    code: 'InvalidSourceDiskType',
    message: 'The specifed SourceDiskType is not valid',
    when: 'SourceDiskType is neither System nor Data, in whatever case',
  },
  statusNotFound: {
    status: 404,
    code: 'InvalidStatus.NotFound',
    message: 'The specified Status is not found',
    when: 'Status is none of its words',
  },
  typeNotFound: {
    status: 404,
    code: 'InvalidSnapshotType.NotFound',
    message: 'The specfied SnapshotType is not found',
    when: 'SnapshotType is none of its words',
  },
  tagMismatch: {
    status: 400,
    code: 'InvalidTag.Mismatch',
    message: 'The specified Tag.n.Key and Tag.n.Value are not match.',
    when: 'a tag has a value and no key',
  },
  tagCount: {
    status: 400,
    code: 'InvalidTagCount',
    message: 'The specified tags are beyond the permitted range.',
    when: 'the request has more than 20 tags',
  },
  linkNotFound: {
    status: 404,
    code: 'InvalidSnapshotLinkId.NotFound',
    message: 'The specified snapshot link is not found.',
    when: 'there is a SnapshotLinkId: there are no snapshot chains',
  },
} as const satisfies Faults;

const faults = snapshotListFaults;

const mostIds = 100;

const idList = text({
  rule: `a JSON array of at most ${mostIds} ids, which counts as absent without any`,
  fault: faults.snapshotIdsMalformed,
});

const snapshotIds: Parameter<readonly string[] | undefined> = {
  ...idList,
  read(value, name) {
    const list = idList.read(value, name);
    if (list === undefined) return undefined;
    const ids = parseJson(list);
    if (!isListOfTexts(ids) || ids.length > mostIds) throw new FaultError(faults.snapshotIdsMalformed);
    return ids.length === 0 ? undefined : ids;
  },
};

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

const pairs = groups({ Key: text(), Value: text() }, { most: 20, tooMany: faults.filterKeyNotFound });

const timeFilters: Parameter<CreatedWithin> = {
  ...pairs,
  rule: `Key is one of ${[...createdWithin.keys()].join(', ')}, Value a time like 2019-12-13T17:00Z`,
  read(values, name) {
    const read = pairs.read(values, name).map(({ Key, Value = '' }) => {
      const filter = createdWithin.get(Key)?.(Value);
      if (filter === undefined) throw new FaultError(faults.filterKeyNotFound);
      return filter;
    });
    return Object.assign({}, ...read) as CreatedWithin;
  },
};

const lowerCaseType = oneOf(['system', 'data'], faults.diskTypeInvalid);

const diskType: Parameter<'system' | 'data' | undefined> = {
  ...lowerCaseType,
  rule: 'System or Data, in any case',
  read: (value, name) => lowerCaseType.read(typeof value === 'string' ? value.toLowerCase() : value, name),
};

/** With one of the last two, pages go on where the one before ended, and are not counted. */
export const snapshotListParameters = {
  RegionId: required(text()),
  InstanceId: text(),
  DiskId: text(),
  SnapshotLinkId: text(),
  SnapshotIds: snapshotIds,
  SnapshotName: text(),
  Status: oneOf(['progressing', 'accomplished', 'failed', 'all'], faults.statusNotFound),
  SnapshotType: oneOf(['auto', 'user', 'all'], faults.typeNotFound),
  SourceDiskType: diskType,
  Usage: oneOf(['image', 'disk', 'image_disk', 'none'], faults.usageInvalid),
  Category: text({
    rule: 'Standard, Flash or archive',
    fault: commonFaults.invalidParameter,
    matches: /^(standard|flash|archive)$/i,
  }),
  Encrypted: flag(),
  KMSKeyId: text(),
  ResourceGroupId: text(),
  Filter: timeFilters,
  Tag: tagFilters({ tooMany: faults.tagCount, withoutKey: faults.tagMismatch }),
  DryRun: flag(),
  ...pageParameters(),
  NextToken: text(),
  MaxResults: text({
    rule: '1 to 100, 10 by default with NextToken',
    fault: commonFaults.invalidParameter,
    matches: /^([1-9]\d?|100)$/,
  }),
};
