/**
 * The contract of a region's medium: named, immutable bytes. Drivers know nothing of packs, images or tenants;
 * `blob-store.conformance.ts` defines what each of them must do, and every driver runs it.
 *
 * Keys are made by the server (`region-store.ts`), never from what a user typed: lower-case letters, digits, `-`
 * and `/`, at most 200 characters, no empty segment. No key is the folder of another (`a` beside `a/b`): a file system
 * can't hold both.
 */

/** Part of a blob. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface BlobInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch milliseconds, by the medium's clock, at which the last byte was written. */
  readonly modifiedAt: number;
}

export interface BlobOptions {
  /** Stops waiting, for a silent source too, and leaves nothing behind; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface BlobStore {
  /**
   * Creates a blob; none is ever replaced, and none is seen before it is whole. When this resolves or rejects with
   * `exists`, the bytes under the key survive a power cut (W1 relies on both; seeing the blob in `stat` or `list` proves
   * less). After any other rejection nothing is visible, except that `retryable` may mean that only the medium's
   * answer was lost: put the bytes again, and `exists` says that they had arrived. An abort that comes too late to
   * stop the blob is ignored. What an iterable throws comes through as it is. `bytes` must not change meanwhile.
   */
  put(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, options?: BlobOptions): Promise<void>;
  /**
   * The blob's bytes, or exactly those of `range`, in a buffer that is the caller's own; `not-found` or, for a range that
   * isn't wholly inside the blob, `out-of-range`.
   */
  get(key: string, range?: ByteRange, options?: BlobOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Undefined when there is no such blob. */
  stat(key: string): Promise<BlobInfo | undefined>;
  /**
   * Every blob whose key begins with `prefix`, in no particular order; half-written ones are never among them. One that
   * is put or removed meanwhile may be missing or not.
   */
  list(prefix: string): AsyncIterable<BlobInfo>;
  /** Removes a blob, and it stays removed after a power cut; no error when it is not there. */
  remove(key: string): Promise<void>;
}

/** The kinds of error, with what their message says. */
const meanings = {
  'not-found': 'there is no such blob',
  exists: 'there is such a blob already, and none is ever replaced',
  'out-of-range': 'the range is not inside the blob',
  full: 'the store has no room left; free some or enlarge it',
  denied: 'the store refused; check its permissions and that nothing else writes to it',
  retryable: 'the store failed for the moment; try again',
  'invalid-key': 'the server does not make such keys',
};

export type BlobErrorKind = keyof typeof meanings;

/** All that a driver may throw besides an abort reason and a source's error. Only `retryable` is worth trying again. */
export class BlobError extends Error {
  readonly kind: BlobErrorKind;
  readonly key: string;

  constructor(kind: BlobErrorKind, key: string, options?: ErrorOptions) {
    super(`blob ${JSON.stringify(key)}: ${meanings[kind]}`, options);
    this.name = 'BlobError';
    this.kind = kind;
    this.key = key;
  }
}

const keyPattern = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;

/** Whether `key` is one that the server could have made. */
export function isBlobKey(key: string): boolean {
  return key.length <= 200 && keyPattern.test(key);
}

/** Throws `invalid-key` unless `key` is one that the server could have made. */
export function checkBlobKey(key: string): void {
  if (!isBlobKey(key)) throw new BlobError('invalid-key', key);
}

/** Where to read in a blob of `size` bytes: `range`, or all of it. Throws `out-of-range`. */
export function checkBlobRange(key: string, size: number, range: ByteRange = { offset: 0, length: size }): ByteRange {
  const { offset, length } = range;
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!inside || offset + length > size) throw new BlobError('out-of-range', key);
  return range;
}
