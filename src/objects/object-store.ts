/**
 * The contract of an object store that users import images from and export them to: buckets of theirs, which others write to
 * as well. It is not a region's medium (`src/store`): nothing in it is ours, and nothing of ours relies on it.
 */

export interface ObjectPlace {
  readonly bucket: string;
  readonly object: string;
}

export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /** Changes with the object's bytes. */
  readonly etag: string;
}

export interface ObjectStore {
  /** Resolves if there is such a bucket that we may use. */
  checkBucket(bucket: string, signal: AbortSignal): Promise<void>;
  head(place: ObjectPlace, signal: AbortSignal): Promise<ObjectFacts>;
  /** The object's bytes from `start` to its end, as they come; `changed` when it is not the one of this etag any more. */
  read(place: ObjectPlace, from: { readonly start: number; readonly etag: string }, signal: AbortSignal): ObjectBytes;
  /** Begins an object that is seen only once it is complete, and then takes the place of any other of the name. */
  beginUpload(place: ObjectPlace, signal: AbortSignal): Promise<ObjectUpload>;
  /** Removes the parts of an upload that has not been completed; false when there is none, be it that it has been. */
  abandonUpload(place: ObjectPlace, upload: string, signal: AbortSignal): Promise<boolean>;
  /** Removes the object, if there is one. */
  remove(place: ObjectPlace, signal: AbortSignal): Promise<void>;
  /** Closes the connections. */
  close(): void;
}

export type ObjectBytes = AsyncIterable<Uint8Array>;

export interface ObjectUpload {
  /** By which it can be abandoned. */
  readonly id: string;
  /** Stores the next part: all but the last have the same size, at least 5 MiB. `bytes` must not change meanwhile. */
  put(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  complete(signal: AbortSignal): Promise<void>;
}

/** The kinds of error, with what their message says. */
const meanings = {
  'bucket-not-found': 'there is no such bucket',
  'object-not-found': 'there is no such object',
  changed: 'the object has changed since the import was asked for',
  denied: 'the object store denies access',
  unreachable: 'the object store does not answer',
  rejected: 'the object store does not take the request',
};

export type ObjectErrorKind = keyof typeof meanings;

/** All that a driver may throw besides an abort reason. Only `unreachable` is worth trying again. */
export class ObjectError extends Error {
  readonly kind: ObjectErrorKind;
  readonly bucket: string;
  /** Null when it is about the bucket. */
  readonly object: string | null;

  constructor(kind: ObjectErrorKind, place: { bucket: string; object?: string | null }, options?: ErrorOptions) {
    const { bucket, object = null } = place;
    super(`${object === null ? '' : `object ${object} in `}bucket ${bucket}: ${meanings[kind]}`, options);
    this.name = 'ObjectError';
    this.kind = kind;
    this.bucket = bucket;
    this.object = object;
  }
}
