import { headerPairs } from '../../shared/raw-request.ts';

/** Of these a proxy, the signature and the operation might each take another one. */
const single = new Set([
  'authorization',
  'content-type',
  'host',
  'x-auth-token',
  'x-domain-id',
  'x-project-id',
  'x-sdk-content-sha256',
  'x-sdk-date',
  'x-security-token',
  'x-subject-token',
]);

/**
 * Of Node's list that has names and values by turns, the values without blanks around them and each byte a character (Latin-1).
 * Undefined if one came more than once of which there has to be one; others are joined by commas, so that a second value of a
 * signed header breaks its signature.
 */
export function readHeaders(rawHeaders: readonly string[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const [name, value] of headerPairs(rawHeaders)) {
    const before = headers.get(name);
    if (before !== undefined && single.has(name)) return undefined;
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}
