/**
 * Texts that clients keep with an image under names of their own choice, and read back. Mimeo looks at none of them, but finds
 * images by them. Unlike tags, which are their account's own affair, they belong to the image: whoever sees it sees them, and
 * copies have them.
 */
import { checkStorable, invalid } from './field-rules.ts';

/** What is left out stays as it is; null takes it away. */
export type PropertyChanges = Readonly<Record<string, string | null>>;

const maxProperties = 128;
const maxNameLength = 255;
const maxValueLength = 4096;
/** Of all names and values, in UTF-8: an image is one row, and lists have a thousand. */
const maxBytes = 64 * 1024;

export function changeProperties(
  properties: Readonly<Record<string, string>>,
  changes: PropertyChanges,
): Readonly<Record<string, string>> {
  const changed = Object.entries({ ...properties, ...changes });
  return Object.fromEntries(changed.filter((each): each is [string, string] => each[1] !== null));
}

/** At most 128, 64 KiB in all; names of 1 to 255 characters, values of at most 4096. */
export function checkProperties(properties: Readonly<Record<string, string>>): void {
  const entries = Object.entries(properties);
  if (entries.length > maxProperties) throw invalid('properties', `must be at most ${maxProperties}`);
  let bytes = 0;
  for (const [name, value] of entries) {
    if (name.length < 1 || name.length > maxNameLength) {
      throw invalid('properties', `names must have 1 to ${maxNameLength} characters`);
    }
    if (value.length > maxValueLength) {
      throw invalid('properties', `values must have at most ${maxValueLength} characters`);
    }
    checkStorable('properties', name);
    checkStorable('properties', value);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > maxBytes) throw invalid('properties', `must have at most ${maxBytes} bytes in all`);
}
