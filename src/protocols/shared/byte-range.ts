/** The request headers by which a client asks for a part of a disk, or for what it does not have yet (RFC 9110). */

/** A part of a representation, without its end. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of `size` bytes that a `Range` header asks for. Undefined where the whole is to be given: there is no
 * header, it is malformed or in another unit, or it asks for several parts, which need not be given apart (RFC 9110,
 * 14.2). `none` when no byte is in the range.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'none' : { start, end };
}

/** Whether an `If-None-Match` header names the entity tag; the comparison is the weak one, as it has to be. */
export function namesTag(header: string | undefined, tag: string): boolean {
  const tags = (header ?? '').split(',').map((item) => item.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag);
}

/** Whether a `Range` counts: an `If-Range` header must have the very tag (a date never does, since there is none). */
export function allowsRange(ifRange: string | undefined, tag: string): boolean {
  return ifRange === undefined || ifRange.trim() === tag;
}
