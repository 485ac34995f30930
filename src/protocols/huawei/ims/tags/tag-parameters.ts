/** Tags in requests: `{"key": "env", "value": "prod"}`. */

import { FaultError } from '../../../shared/faults.ts';
import { list, object, type Parameter, text } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';
import { readTagWord, type Tag } from '../../tag-words.ts';

const { tagInvalid, tagQuota } = imageFaults;

/** Of an image, and of a request. */
export const mostTags = 10;

const longestKey = 36;
const longestValue = 43;

const word = text({ fault: tagInvalid });
const pair = object({ key: word, value: word }, tagInvalid);

/** What an image is to have. Clients leave out a value that is empty. */
export const newTag: Parameter<Tag | undefined> = {
  ...pair,
  rule: `a key of 1 to ${longestKey} characters, and a value of at most ${longestValue}; spaces around them are dropped`,
  read(value, name) {
    const read = pair.read(value, name);
    return read && checkTag(read);
  },
};

/** What is to be taken away, which may be older than the rules for new ones. */
const oldTag: Parameter<Partial<Tag> | undefined> = {
  ...pair,
  rule: 'a key, and the value that its tag has to have, if only such a one is meant',
  read(value, name) {
    const read = pair.read(value, name);
    if (read !== undefined && !read.key) throw new FaultError(tagInvalid, name);
    return read as Partial<Tag> | undefined;
  },
};

const listRule = { most: mostTags, tooMany: tagQuota, fault: commonFaults.bodyInvalid };

/** As they come; of those that an image is to have, `checkTags` asks more. */
export const oldTags = list(oldTag, listRule);

export function checkTag({ key = '', value = '' }: { readonly [Name in keyof Tag]?: string | undefined }): Tag {
  const tag = { key: key.trim(), value: value.trim() };
  const isRight = tag.key.length >= 1 && tag.key.length <= longestKey && tag.value.length <= longestValue;
  if (!isRight) throw new FaultError(tagInvalid, key);
  return tag;
}

/** Each key once. */
export function checkTags(tags: readonly Partial<Tag>[]): Readonly<Record<string, string>> {
  const checked = tags.map(checkTag);
  if (new Set(checked.map(({ key }) => key)).size < checked.length) throw new FaultError(tagInvalid, 'tags');
  return Object.fromEntries(checked.map(({ key, value }) => [key, value]));
}

/** `key=value`, the older `key.value`, or a key. */
export function readOlderWord(word = ''): Tag {
  if (word.includes('=') || !word.includes('.')) return readTagWord(word);
  const [, key, value] = /^([\w-]+)\.([\w-]+)$/.exec(word) ?? [];
  if (key === undefined || value === undefined) throw new FaultError(tagInvalid, word);
  return { key, value };
}
