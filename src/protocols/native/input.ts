/** What the fields of requests may look like. A value that breaks its rule is refused as `request.invalid` with field and rule. */
import { z } from 'zod';
import { RefusalError } from '../../domain/refusal.ts';

/** What PostgreSQL's text and jsonb can hold: anything but U+0000 and halves of surrogate pairs. */
export const text = z
  .string()
  .refine((value) => !value.includes('\0'), 'must not contain the character U+0000')
  .refine((value) => value.isWellFormed(), 'must not contain half of a surrogate pair');

/** A path's parameter. */
export function id(description: string) {
  return text.meta({ description });
}

export const name = text.meta({
  description: '1 to 128 characters without control characters or spaces at either end.',
});
export const description = text.meta({ description: 'At most 1024 characters.' });
export const tags = z
  .record(text, text)
  .meta({ description: 'At most 20; keys of 1 to 128 characters, values of at most 255.' });
export const properties = z.record(text, text).meta({
  description: 'At most 128 and 64 KiB in all; names of 1 to 255 characters, values of at most 4096.',
});

/** A moment in a request; epoch milliseconds to the use cases. */
export const moment = z.iso
  .datetime({ offset: true })
  .meta({ id: 'Moment', description: 'ISO 8601, with any offset.' })
  .transform((value) => Date.parse(value));

/** A yes or no in a query. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** `key` or `key:value`; a key may hold no colon here. */
export function tagFilter(tag: string): { key: string; value: string | null } {
  const colon = tag.indexOf(':');
  return colon < 0 ? { key: tag, value: null } : { key: tag.slice(0, colon), value: tag.slice(colon + 1) };
}

export const diskIndex = z.coerce.number().int().min(0).max(63);

/** `value` as the schema has it, or `request.invalid` for the first rule that it breaks. */
export function parse<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknownKeys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknownKeys.slice(0, 1)].join('.') || 'body';
  const rule = unknownKeys.length > 0 ? 'is not a field of this request' : ruleOf(issue);
  throw new RefusalError('request.invalid', { field, rule });
}

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
};

/** The rule in words, as it follows the field's name. */
function ruleOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return issue.origin === 'array' ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array' ? `must have at most ${issue.maximum}` : `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'must be a moment such as 2026-11-21T09:30:00Z'
        : `must be a ${issue.format}`;
    default:
      return issue?.message ?? 'is not valid';
  }
}
