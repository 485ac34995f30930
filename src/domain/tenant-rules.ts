/** What names and times of tenants' things must keep to. */
import { checkStorable, invalid } from './field-rules.ts';
import { isUuid } from './ids.ts';

/** A name stands where an id may stand, so it must not pass for the id of something else, nor for the word `self`. */
function checkNotAnId(name: string): void {
  if (isUuid(name) || name === 'self') throw invalid('name', 'must not be a UUID, nor self');
}

/** It begins with a letter, so it is no account's number. */
export const accountName = /^[a-z][a-z0-9-]{1,62}$/;

export function checkAccountName(name: string): void {
  if (!accountName.test(name)) {
    throw invalid('name', 'must be 2 to 63 lower-case letters, digits and hyphens, beginning with a letter');
  }
  checkNotAnId(name);
}

export function checkUserName(name: string): void {
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(name)) throw invalid('name', 'must be 1 to 64 letters, digits and . _ @ -');
  checkNotAnId(name);
}

/** Of projects, agencies, resource groups and sessions: what people call them. */
export function checkTenantName(name: string): void {
  if (name.length < 1 || name.length > 64) throw invalid('name', 'must have 1 to 64 characters');
  if (/\p{Cc}/u.test(name)) throw invalid('name', 'must not contain control characters');
  if (name.trim() !== name) throw invalid('name', 'must not begin or end with a space');
  checkNotAnId(name);
}

export function checkTenantDescription(description: string): void {
  if (description.length > 255) throw invalid('description', 'must have at most 255 characters');
}

/** What a dialect calls a grant, in its own words. */
export function checkGrantTitle(title: string): void {
  if (title.length > 64) throw invalid('title', 'must have at most 64 characters');
  if (/\p{Cc}/u.test(title)) throw invalid('title', 'must not contain control characters');
}

/** NIST SP 800-63B: at least 8 characters, as long as anybody wants within reason, and any of them. */
export function checkPassword(password: string): void {
  const { length } = [...password];
  if (length < 8 || length > 128) throw invalid('password', 'must have 8 to 128 characters');
  checkStorable('password', password);
}

/** Since when it is disabled, after a change that may ask for it; null while it is not. */
export function disabledSince(before: number | null, disabled: boolean | undefined, now: number): number | null {
  if (disabled === undefined) return before;
  return disabled ? (before ?? now) : null;
}
