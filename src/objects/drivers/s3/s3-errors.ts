/** What an S3-compatible service answers, as the errors of the contract. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { ObjectError, type ObjectErrorKind } from '../../object-store.ts';

const kindsOfCodes: Readonly<Record<string, ObjectErrorKind>> = {
  NoSuchBucket: 'bucket-not-found',
  NoSuchKey: 'object-not-found',
  PreconditionFailed: 'changed',
  // An object that has become shorter than what is there of it already.
  InvalidRange: 'changed',
  // Somebody else, be it a rule of the bucket, has removed the parts: to begin anew helps.
  NoSuchUpload: 'unreachable',
  InvalidPart: 'unreachable',
};

/** Where a name tells nothing, as in the answer to a HEAD, which has no body. */
function kindOfStatus(status: number, hasObject: boolean): ObjectErrorKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return hasObject ? 'object-not-found' : 'bucket-not-found';
  if (status === 412 || status === 416) return 'changed';
  return status === 408 || status === 429 || status >= 500 ? 'unreachable' : 'rejected';
}

/** The error of the contract that `error` amounts to, with it as its cause; the signal's own reason when that is why. */
export function asObjectError(
  error: unknown,
  place: { readonly bucket: string; readonly object?: string },
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ObjectError) return error;
  // Whatever is not the service's answer kept it from answering: name resolution, connection, time limit, half an answer.
  if (!(error instanceof S3ServiceException)) return new ObjectError('unreachable', place, { cause: error });
  const status = error.$metadata.httpStatusCode ?? 0;
  const kind = kindsOfCodes[error.name] ?? kindOfStatus(status, place.object !== undefined);
  return new ObjectError(kind, kind === 'bucket-not-found' ? { bucket: place.bucket } : place, { cause: error });
}
