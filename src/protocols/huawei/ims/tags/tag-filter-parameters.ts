/** What ListImageByTags can be asked for (reference §7.5), in the words of the domain. */
import type { ImageQuery } from '../../../../app/list-images.ts';
import { isUuid } from '../../../../domain/ids.ts';
import type { TagSet } from '../../../../domain/image-query.ts';
import { flag, list, object, oneOf, type Read, required, text } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';

const { bodyInvalid } = commonFaults;

export const tagFilterFaults = {
  tagInvalid: {
    ...imageFaults.tagInvalid,
    when: 'a tag has no key, one of more than 127 characters or a value of more than 255, or there are more than 10 of either',
  },
};

const fault = tagFilterFaults.tagInvalid;
const short = (most: number) => text({ rule: `${most} characters at most`, fault, matches: (it) => it.length <= most });
const several = { most: 10, tooMany: fault, fault: bodyInvalid };

/** Without values, whatever the tag's value is. */
const choice = object({ key: required(short(127), fault), values: list(short(255), several) }, bodyInvalid);
const choices = list(choice, several);

const match = object(
  {
    key: required(oneOf(['resource_name', 'resource_id'], bodyInvalid), bodyInvalid),
    value: text({ rule: 'a part of the name, or the whole id', fault: bodyInvalid }),
  },
  bodyInvalid,
);

export const tagFilters = {
  tags: choices,
  tags_any: choices,
  not_tags: choices,
  not_tags_any: choices,
  without_any_tag: flag(bodyInvalid),
  matches: list(match, several),
};

type Asked = Read<typeof tagFilters>;
type Choices = Asked['tags'];

/** Undefined where no image here can be asked for. */
export function tagQueryOf(asked: Asked): Partial<ImageQuery> | undefined {
  let query: Partial<ImageQuery> = asked.without_any_tag ? { isUntagged: true } : { tagSets: setsOf(asked) };
  for (const { key, value = '' } of asked.matches ?? []) {
    // No image has no name.
    if (key === 'resource_name' ? value === '' : !isUuid(value)) return undefined;
    query = key === 'resource_name' ? { ...query, namePart: value } : { ...query, ids: [value] };
  }
  return query;
}

/** The words of the cloud: `not_tags` are those that lack one of them at least, `not_tags_any` those that lack all. */
function setsOf({ tags, tags_any, not_tags, not_tags_any }: Asked): TagSet[] {
  return [
    ...setOf(tags, { match: 'all' }),
    ...setOf(tags_any, { match: 'any' }),
    ...setOf(not_tags, { match: 'all', isNegated: true }),
    ...setOf(not_tags_any, { match: 'any', isNegated: true }),
  ];
}

/** No tags are no condition. */
function setOf(asked: Choices, set: Omit<TagSet, 'choices'>): TagSet[] {
  const asks = (asked ?? []).map(({ key, values = [] }) => ({ key, values }));
  return asks.length === 0 ? [] : [{ ...set, choices: asks }];
}
