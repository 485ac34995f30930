/** What every image must keep to, whichever dialect made it; dialects add narrower rules of their own. */
import { RefusalError } from './refusal.ts';

const controlCharacter = /\p{Cc}/u;

function invalid(field: string, rule: string): RefusalError {
  return new RefusalError('request.invalid', { field, rule });
}

/** PostgreSQL holds neither the character U+0000 nor half of a surrogate pair. */
function checkStorable(field: string, text: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalid(field, 'must not contain U+0000 or half a surrogate pair');
}

/** 1 to 128 characters, no control characters, no space at either end. */
export function checkImageName(name: string): void {
  if (name.length < 1 || name.length > 128) throw invalid('name', 'must have 1 to 128 characters');
  if (controlCharacter.test(name)) throw invalid('name', 'must not contain control characters');
  if (name.trim() !== name) throw invalid('name', 'must not begin or end with a space');
  checkStorable('name', name);
}

/** At most 1024 characters, which is the longest that any of the clouds allows. */
export function checkDescription(description: string): void {
  if (description.length > 1024) throw invalid('description', 'must have at most 1024 characters');
  checkStorable('description', description);
}

/** At most 20 tags; keys of 1 to 128 characters, values of at most 255. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > 20) throw invalid('tags', 'must be at most 20');
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128) throw invalid('tags', 'keys must have 1 to 128 characters');
    if (value.length > 255) throw invalid('tags', 'values must have at most 255 characters');
    checkStorable('tags', key + value);
  }
}
