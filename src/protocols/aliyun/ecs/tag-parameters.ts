/** Tags in requests: `Tag.1.Key`, `Tag.1.Value` …; the older `Tag.1.key` and `Tag.1.value` mean the same. */
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault, Faults } from '../fault.ts';
import { groups, required, text } from '../parameters.ts';

export const tagFaults = {
  tooManyTags: {
    status: 400,
    code: 'NumberExceed.Tags',
    message: "The Tags parameter's number is exceed , Valid : 20",
    when: 'the request has more than 20 tags',
  },
  duplicateTagKey: {
    status: 400,
    code: 'Duplicate.TagKey',
    message: 'The Tag.N.Key contain duplicate key.',
    when: 'two tags of the request have the same key',
  },
  tagKeyMalformed: {
    status: 400,
    code: 'InvalidTagKey.Malformed',
    message: 'The specified Tag.n.Key is not valid.',
    when: 'a key is missing or empty, is longer than 128 characters, begins with aliyun or acs:, or contains http:// or https://',
  },
  tagValueMalformed: {
    status: 400,
    code: 'InvalidTagValue.Malformed',
    message: 'The specified Tag.n.Value is not valid.',
    when: 'a value is longer than 128 characters, begins with acs:, or contains http:// or https://',
  },
} as const satisfies Faults;

const keyRule = '1 to 128 characters, not beginning with aliyun or acs:, without http:// and https://';

/** A key alone, as in `TagKey.1`. */
export const tagKey = text({
  rule: keyRule,
  fault: tagFaults.tagKeyMalformed,
  matches: /^(?!aliyun|acs:)(?!.*https?:\/\/).{1,128}$/s,
});

const tagValue = text({
  rule: '',
  fault: tagFaults.tagValueMalformed,
  matches: /^(?!acs:)(?!.*https?:\/\/).{1,128}$/s,
});

/** The most tags that a request has, which is also the most that a thing has. */
export const mostTags = 20;

type Text = Parameter<string | undefined>;

function tagList({ key, value }: { readonly key: Text; readonly value: Text }, tooMany: Fault) {
  return groups({ Key: key, Value: value, key, value }, { most: mostTags, tooMany });
}

const asked = tagList({ key: tagKey, value: tagValue }, tagFaults.tooManyTags);

/** The tags that something is to have; a value may be empty. */
export const tags: Parameter<Readonly<Record<string, string>>> = {
  ...asked,
  rule: `${mostTags} at most, each with a Key (${keyRule}) and a Value (0 to 128 characters, not beginning with acs:, likewise)`,
  faults: Object.values(tagFaults),
  read(values, name) {
    const byKey = new Map<string, string>();
    for (const [index, tag] of asked.read(values, name).entries()) {
      const key = tag.Key ?? tag.key;
      if (key === undefined) throw new FaultError(tagFaults.tagKeyMalformed, `${name}.${index + 1}.Key`);
      if (byKey.has(key)) throw new FaultError(tagFaults.duplicateTagKey);
      byKey.set(key, tag.Value ?? tag.value ?? '');
    }
    return Object.fromEntries(byKey);
  },
};

/** The same, one at least. */
export const someTags: Parameter<Readonly<Record<string, string>>> = required(
  {
    ...tags,
    read(values, name) {
      const read = tags.read(values, name);
      return Object.keys(read).length === 0 ? undefined : read;
    },
  },
  commonFaults.missingParameter,
);

export interface TagFilter {
  readonly key: string;
  /** Null: any. */
  readonly value: string | null;
}

/** Tags that something has to have to be listed; without a value, any will do. What no tag can be called finds nothing. */
export function tagFilters({
  tooMany = tagFaults.tooManyTags,
  withoutKey = tagFaults.tagKeyMalformed,
}: {
  readonly tooMany?: Fault;
  /** Of a value without a key. */
  readonly withoutKey?: Fault;
} = {}): Parameter<TagFilter[]> {
  const filters = tagList({ key: text(), value: text() }, tooMany);
  return {
    ...filters,
    rule: `${mostTags} at most, each with a Key and, if it is not to be any, a Value`,
    faults: [...new Set([...filters.faults, withoutKey])],
    read: (values, name) =>
      filters.read(values, name).map((tag, index) => {
        const key = tag.Key ?? tag.key;
        if (key === undefined) throw new FaultError(withoutKey, `${name}.${index + 1}.Key`);
        return { key, value: tag.Value ?? tag.value ?? null };
      }),
  };
}

/** As answers have them. */
export function renderTags(record: Readonly<Record<string, string>>) {
  return { Tag: Object.entries(record).map(([TagKey, TagValue]) => ({ TagKey, TagValue })) };
}
