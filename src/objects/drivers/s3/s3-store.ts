/** The object store of any service that speaks like Amazon's S3: its own, Alibaba's OSS, MinIO, Ceph. */
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { interruptible } from '../../../lib/interruptible.ts';
import type { Secret } from '../../../lib/secret.ts';
import { ObjectError, type ObjectPlace, type ObjectStore, type ObjectUpload } from '../../object-store.ts';
import { asObjectError } from './s3-errors.ts';

export interface S3Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Whether the bucket stands in the path; otherwise in the host's name. */
  readonly pathStyle: boolean;
  /** How long an answer may take, and the time between two pieces of an object. */
  readonly timeoutMs: number;
  /** Tries of a request before it is `unreachable`. */
  readonly attempts: number;
}

/** Pages of a list of uploads, a thousand each: more than that were not made by us. */
const mostPages = 10;

export function createS3Store(settings: S3Settings): ObjectStore {
  const { endpoint, region, accessKeyId, secretAccessKey, pathStyle, timeoutMs, attempts } = settings;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() },
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    // Many that speak like S3 know nothing of its newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });

  /** Sends and waits, with every error in the words of the contract. */
  async function inWords<Result>(
    place: { readonly bucket: string; readonly object?: string },
    signal: AbortSignal,
    send: () => Promise<Result>,
  ): Promise<Result> {
    try {
      signal.throwIfAborted();
      return await send();
    } catch (error) {
      throw asObjectError(error, place, signal);
    }
  }

  async function checkBucket(bucket: string, signal: AbortSignal): Promise<void> {
    await inWords({ bucket }, signal, () =>
      client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
  }

  return {
    checkBucket,

    async head(place, signal) {
      const input = { Bucket: place.bucket, Key: place.object };
      try {
        const facts = await inWords(place, signal, () =>
          client.send(new HeadObjectCommand(input), { abortSignal: signal }),
        );
        return { size: facts.ContentLength ?? 0, etag: facts.ETag ?? '' };
      } catch (error) {
        // The answer to a HEAD has no body, so it does not say which of the two there is not.
        if (error instanceof ObjectError && error.kind === 'object-not-found') await checkBucket(place.bucket, signal);
        throw error;
      }
    },

    async *read(place, { start, etag }, signal) {
      const input = { Bucket: place.bucket, Key: place.object, Range: `bytes=${start}-`, IfMatch: etag };
      const answer = await inWords(place, signal, () =>
        client.send(new GetObjectCommand(input), { abortSignal: signal }),
      );
      const body = answer.Body as Readable;
      try {
        // Those that know no If-Match answer all the same.
        if (answer.ETag !== etag) throw new ObjectError('changed', place);
        yield* withDeadline(body, timeoutMs, signal);
      } catch (error) {
        throw asObjectError(error, place, signal);
      } finally {
        body.destroy();
      }
    },

    async beginUpload(place, signal) {
      const input = { Bucket: place.bucket, Key: place.object };
      const { UploadId } = await inWords(place, signal, () =>
        client.send(new CreateMultipartUploadCommand(input), { abortSignal: signal }),
      );
      return createUpload(place, { ...input, UploadId });
    },

    async abandonUploads(place, signal) {
      const input = { Bucket: place.bucket, Prefix: place.object };
      let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
      for (let page = 0; page < mostPages; page++) {
        const listed = await inWords(place, signal, () =>
          client.send(new ListMultipartUploadsCommand({ ...input, ...next }), { abortSignal: signal }),
        );
        for (const { Key, UploadId } of listed.Uploads ?? []) {
          if (Key !== place.object) continue;
          await inWords(place, signal, () =>
            client.send(new AbortMultipartUploadCommand({ Bucket: place.bucket, Key, UploadId }), {
              abortSignal: signal,
            }),
          );
        }
        if (listed.IsTruncated !== true) return;
        next = { KeyMarker: listed.NextKeyMarker, UploadIdMarker: listed.NextUploadIdMarker };
      }
    },

    close: () => client.destroy(),
  };

  function createUpload(
    place: ObjectPlace,
    input: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
  ): ObjectUpload {
    const parts: CompletedPart[] = [];
    return {
      async put(bytes, signal) {
        const part = { ...input, PartNumber: parts.length + 1, Body: bytes };
        const { ETag } = await inWords(place, signal, () =>
          client.send(new UploadPartCommand(part), { abortSignal: signal }),
        );
        parts.push({ PartNumber: part.PartNumber, ETag });
      },
      async complete(signal) {
        const MultipartUpload = { Parts: parts };
        await inWords(place, signal, () =>
          client.send(new CompleteMultipartUploadCommand({ ...input, MultipartUpload }), { abortSignal: signal }),
        );
      },
    };
  }
}

/** The pieces of `body`, for none of which is waited longer than `timeoutMs`. */
async function* withDeadline(
  body: Readable,
  timeoutMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const silent = new AbortController();
  // Whoever takes the pieces may take his time.
  let isWaiting = true;
  const timer = setTimeout(() => {
    if (isWaiting) silent.abort(new Error(`nothing came for ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    for await (const bytes of interruptible<Uint8Array>(body, AbortSignal.any([signal, silent.signal]))) {
      isWaiting = false;
      yield bytes;
      isWaiting = true;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}
