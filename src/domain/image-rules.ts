/** What every image must keep to, whichever dialect made it; dialects add narrower rules of their own. */
import { checkStorable, checkWhole, invalid } from './field-rules.ts';
import { maxDiskBytes } from './image.ts';
import type { AttributeChanges } from './image-attributes.ts';

const controlCharacter = /\p{Cc}/u;

/** 1 to 128 characters, no control characters, no space at either end. */
function checkLabel(field: string, text: string): void {
  if (text.length < 1 || text.length > 128) throw invalid(field, 'must have 1 to 128 characters');
  if (controlCharacter.test(text)) throw invalid(field, 'must not contain control characters');
  if (text.trim() !== text) throw invalid(field, 'must not begin or end with a space');
  checkStorable(field, text);
}

/** 1 to 128 characters, no control characters, no space at either end. */
export function checkImageName(name: string): void {
  checkLabel('name', name);
}

/** The most that OpenStack's clients can read: they keep disk and memory in 32 bits. */
export const maxWhole = 2 ** 31 - 1;

/** Texts keep to the rule of names; `family`, for one, is as long as a name in the clouds. */
export function checkAttributes(attributes: AttributeChanges): void {
  for (const name of ['family', 'version', 'platform', 'licenseType', 'osVersion'] as const) {
    const text = attributes[name];
    if (text !== undefined && text !== null) checkLabel(`attributes.${name}`, text);
  }
  for (const name of ['minDiskGiB', 'minRamMiB', 'maxRamMiB'] as const) {
    const value = attributes[name];
    if (value !== undefined && value !== null) checkWhole(`attributes.${name}`, value, 0, maxWhole);
  }
}

export function checkDiskSize(size: number): void {
  checkWhole('size', size, 1, maxDiskBytes);
}

/** At most 1024 characters, which is the longest that any of the clouds allows. */
export function checkDescription(description: string): void {
  if (description.length > 1024) throw invalid('description', 'must have at most 1024 characters');
  checkStorable('description', description);
}

/** What can have tags. */
export type TaggedType = 'image' | 'snapshot';

export const maxTags = 20;

/** At most 20 tags; keys of 1 to 128 characters, values of at most 255. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > maxTags) throw invalid('tags', `must be at most ${maxTags}`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128) throw invalid('tags', 'keys must have 1 to 128 characters');
    if (value.length > 255) throw invalid('tags', 'values must have at most 255 characters');
    checkStorable('tags', key + value);
  }
}
