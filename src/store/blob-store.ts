/**
 * The contract of a region's medium: named, immutable bytes. Drivers know nothing of packs, images or tenants;
 * `blob-store.conformance.ts` defines what each of them must do, and every driver runs it.
 *
 * Keys are made by the server (`region-store.ts`), never from what a user typed: lower-case letters, digits, `-`
 * and `/`, at most 200 characters, no empty segment.
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
  /** Epoch milliseconds at which the blob became durable. */
  readonly modifiedAt: number;
}

export interface BlobOptions {
  /** Stops waiting and leaves nothing behind; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface BlobStore {
  /**
   * Creates a blob. When it resolves, the bytes survive a power cut; when it rejects, nothing is visible under the
   * key, unless the error is `exists`: a blob is never replaced.
   */
  put(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, options?: BlobOptions): Promise<void>;
  /** The blob's bytes, or exactly those of `range`; `not-found` or, for a range outside the blob, `out-of-range`. */
  get(key: string, range?: ByteRange, options?: BlobOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Undefined when there is no such blob. */
  stat(key: string): Promise<BlobInfo | undefined>;
  /** Every blob whose key begins with `prefix`, in no particular order; half-written ones are never among them. */
  list(prefix: string): AsyncIterable<BlobInfo>;
  /** Removes a blob; no error when it is not there. */
  remove(key: string): Promise<void>;
}

export type BlobErrorKind = 'not-found' | 'exists' | 'out-of-range' | 'full' | 'denied' | 'retryable' | 'invalid-key';

/** All that a driver may throw besides an abort reason. Only `retryable` is worth trying again. */
export class BlobError extends Error {
  readonly kind: BlobErrorKind;
  readonly key: string;

  constructor(kind: BlobErrorKind, key: string, options?: ErrorOptions) {
    super(`blob ${key}: ${kind}`, options);
    this.name = 'BlobError';
    this.kind = kind;
    this.key = key;
  }
}

const keyPattern = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;

/** Throws `invalid-key` unless `key` is one that the server could have made. */
export function checkBlobKey(key: string): void {
  if (key.length > 200 || !keyPattern.test(key)) throw new BlobError('invalid-key', key);
}
