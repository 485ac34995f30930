/** Conditional requests (RFC 9110, 13) on things that have a revision, and idempotency keys: what the headers ask for. */
import { RefusalError } from '../../domain/refusal.ts';

const tagPattern = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

/** No thing's revision. */
const never = -1;

export function entityTag(revision: number): string {
  return `"${revision}"`;
}

/** The revision that `If-Match` asks for; undefined: any. Weak tags match nothing, as 13.1.1 has it. */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const match = tagPattern.exec(header.trim());
  if (match === null) throw invalid('If-Match', 'must be * or one entity tag, as an ETag header gives it');
  const [, weak, text = ''] = match;
  return weak === undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : never;
}

/** True when `If-None-Match` says that the client has this revision already. */
export function isKnown(header: string | undefined, revision: number): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const tags = header.split(',').map((tag) => tagPattern.exec(tag.trim()));
  if (tags.includes(null)) throw invalid('If-None-Match', 'must be * or entity tags, as ETag headers give them');
  return tags.some((tag) => tag?.[2] === String(revision));
}

export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  // Node joins what is sent twice with a comma and a space, and a space is not printable here.
  if (typeof header === 'string' && /^[\x21-\x7e]{1,64}$/.test(header)) return header;
  throw invalid('Idempotency-Key', 'must be 1 to 64 printable ASCII characters without spaces');
}

export function invalid(field: string, rule: string): RefusalError {
  return new RefusalError('request.invalid', { field, rule });
}
