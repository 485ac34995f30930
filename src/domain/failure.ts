/**
 * Why work that was accepted did not succeed. Unlike a refusal (see `refusal.ts`) a failure happens after the
 * caller was told yes, so it is stored with the copy and read later.
 */

/** Closed list; a code is never reused for another meaning. */
export type FailureCode =
  | 'source-gone'
  | 'not-permitted'
  | 'image-damaged'
  | 'destination-full'
  | 'store-unavailable'
  | 'database-unavailable'
  | 'object-store-unavailable'
  | 'object-gone'
  | 'object-denied'
  | 'format-refused'
  | 'key-provider-unavailable'
  | 'key-disabled'
  | 'key-gone'
  | 'key-denied'
  | 'source-key-disabled'
  | 'source-key-gone'
  | 'source-key-denied'
  | 'attempts-exhausted'
  | 'internal';

/** Worth another attempt by itself; the others need somebody to change something first. */
const retryable: ReadonlySet<FailureCode> = new Set([
  'store-unavailable',
  'database-unavailable',
  'object-store-unavailable',
  'key-provider-unavailable',
]);

export function isRetryable(code: FailureCode): boolean {
  return retryable.has(code);
}

/** Thrown by the data plane and the jobs; `message` is fit for the person who asked for the copy. */
export class FailureError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FailureError';
    this.code = code;
  }
}

/** R1: stored bytes that do not verify anywhere. Reported, never handed out. */
export class DamageError extends FailureError {
  readonly image: string;
  readonly disk: number;
  /** Offset on the disk, in bytes, of the first byte that cannot be given. */
  readonly offset: number;

  constructor(place: { image: string; disk: number; offset: number; what: string }, options?: ErrorOptions) {
    super(
      'image-damaged',
      `image ${place.image}, disk ${place.disk}, offset ${place.offset}: ${place.what} is damaged and no intact copy was found`,
      options,
    );
    this.name = 'DamageError';
    this.image = place.image;
    this.disk = place.disk;
    this.offset = place.offset;
  }
}
