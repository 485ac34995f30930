/** The object store of any service that speaks like Amazon's S3: its own, Alibaba's OSS, MinIO, Ceph. */
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  S3Client,
  S3ServiceException,
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
  /** How long an answer may take, and the time between two pieces of an object or of a part on its way. */
  readonly timeoutMs: number;
  /** Tries of a request before it is `unreachable`. */
  readonly attempts: number;
}

export function createS3Store(settings: S3Settings): ObjectStore {
  const { endpoint, region, accessKeyId, secretAccessKey, pathStyle, timeoutMs, attempts } = settings;
  const options = {
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() },
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    // Many that speak like S3 know nothing of its newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const;
  const timeouts = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  const client = new S3Client({ ...options, requestHandler: { ...timeouts, socketTimeout: timeoutMs } });
  // Without the time limit of a silent socket: whoever takes an object's pieces may take his time (see withDeadline).
  const readers = new S3Client({ ...options, requestHandler: timeouts });
  for (const { middlewareStack } of [client, readers]) keepToHost(middlewareStack, new URL(endpoint).hostname);

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
        readers.send(new GetObjectCommand(input), { abortSignal: signal }),
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
      if (UploadId === undefined) throw new ObjectError('rejected', place);
      return createUpload(place, { ...input, UploadId });
    },

    async abandonUpload(place, upload, signal) {
      const input = { Bucket: place.bucket, Key: place.object, UploadId: upload };
      return await inWords(place, signal, async () => {
        try {
          await client.send(new AbortMultipartUploadCommand(input), { abortSignal: signal });
          return true;
        } catch (error) {
          if (error instanceof S3ServiceException && error.name === 'NoSuchUpload') return false;
          throw error;
        }
      });
    },

    async remove(place, signal) {
      const input = { Bucket: place.bucket, Key: place.object };
      await inWords(place, signal, () => client.send(new DeleteObjectCommand(input), { abortSignal: signal }));
    },

    close() {
      client.destroy();
      readers.destroy();
    },
  };

  function createUpload(
    place: ObjectPlace,
    input: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  ): ObjectUpload {
    const parts: CompletedPart[] = [];
    return {
      id: input.UploadId,
      async put(bytes, signal) {
        const part = { ...input, PartNumber: parts.length + 1, Body: bytes };
        const { ETag } = await inWords(place, signal, () =>
          // No limit for the whole of it, which a thin line takes long for: only for standing still.
          client.send(new UploadPartCommand(part), { abortSignal: signal, requestTimeout: 0 }),
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

/**
 * Sends nothing to a host that is not the endpoint's, or a bucket's of it: the SDK has rules of its own for some names of
 * buckets, by which it goes to Amazon whatever the endpoint.
 */
function keepToHost(stack: S3Client['middlewareStack'], host: string): void {
  stack.add(
    (next) => async (args) => {
      const { hostname } = args.request as { readonly hostname?: string };
      const { Bucket: bucket = '' } = args.input as { readonly Bucket?: string };
      if (hostname !== host && hostname !== `${bucket}.${host}`) throw new ObjectError('rejected', { bucket });
      return await next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'keepToHost' },
  );
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
