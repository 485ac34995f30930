/**
 * An object store over HTTP, in memory: of S3's interface the part that Mimeo speaks (HEAD of buckets and objects, ranged and
 * conditional GET, multipart uploads with abort, DELETE). It does not check signatures, only whose they are. Nor does s3rver,
 * against which the driver is tested too; and that knows neither conditions nor the end of uploads.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to a request instead of, or before, its answer. */
export interface Intervention {
  /** Answers so. */
  readonly status?: number;
  /** Breaks the connection after so many bytes of the answer's body. */
  readonly cutAfter?: number;
  /** Waits for it before the answer, of which so many bytes are given first. */
  readonly wait?: Promise<unknown>;
  readonly waitAfter?: number;
  /** Gives so many bytes every five milliseconds, once it has given others at once. */
  readonly slow?: number;
  readonly slowAfter?: number;
  /** Takes so many bytes of the request's body every five milliseconds; 0: none. */
  readonly slowBody?: number;
}

export interface ObjectServer {
  readonly url: string;
  readonly accessKeyId: string;
  readonly buckets: Map<string, Map<string, Buffer>>;
  /** Those that have not been completed. */
  readonly uploads: Map<string, { readonly bucket: string; readonly key: string; readonly parts: Map<number, Buffer> }>;
  /** Method, path with query, and range of every request. */
  readonly requests: string[];
  /** Asked with every line of `requests`. */
  intervene: (request: string) => Intervention | undefined;
  close(): Promise<void>;
}

export async function startObjectServer(): Promise<ObjectServer> {
  const server = createServer((request, response) => {
    answer(objects, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const objects: ObjectServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessKeyId: 'MIMEO',
    buckets: new Map([['images', new Map()]]),
    uploads: new Map(),
    requests: [],
    intervene: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return objects;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array | string;
}

async function answer(objects: ObjectServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const line = `${request.method} ${decodeURIComponent(request.url ?? '')} ${request.headers.range ?? ''}`.trim();
  objects.requests.push(line);
  const { status, cutAfter, wait, waitAfter = 0, slow, slowAfter = 0, slowBody } = objects.intervene(line) ?? {};
  const content = slowBody === undefined ? await buffer(request) : await slowly(request, slowBody);
  let { status: code = 200, headers = {}, body = '' }: Answer = {};
  try {
    if (status !== undefined) throw new Refused(status, 'Intervention');
    ({ status: code = 200, headers = {}, body = '' } = perform(objects, request, content));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    code = error.status;
    body = `<Error><Code>${error.code}</Code><Message>${error.code}</Message></Error>`;
  }
  const bytes = Buffer.from(body);
  // The head of an empty answer is all of it.
  if (bytes.length === 0) await wait;
  response.writeHead(code, { 'content-length': bytes.length, ...headers });
  if (request.method === 'HEAD') return void response.end();
  response.flushHeaders();
  if (cutAfter !== undefined) {
    response.write(bytes.subarray(0, cutAfter), () => response.destroy());
    return;
  }
  if (slow !== undefined) {
    response.write(bytes.subarray(0, slowAfter));
    for (let at = slowAfter; at < bytes.length && !response.destroyed; at += slow) {
      response.write(bytes.subarray(at, at + slow));
      await sleep(5);
    }
    return void response.end();
  }
  if (wait !== undefined) {
    response.write(bytes.subarray(0, waitAfter));
    await wait;
  }
  response.end(bytes.subarray(wait === undefined ? 0 : waitAfter));
}

async function slowly(request: IncomingMessage, pace: number): Promise<Buffer> {
  if (pace === 0) await once(request, 'close');
  const pieces: Buffer[] = [];
  const begun = performance.now();
  let taken = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece);
    taken += piece.length;
    // By the clock: on a busy machine five milliseconds of sleep are many more, and whoever sends would find it silent.
    const early = begun + (taken / pace) * 5 - performance.now();
    if (early > 0) await sleep(early);
  }
  return Buffer.concat(pieces);
}

function perform(objects: ObjectServer, { method, url, headers }: IncomingMessage, content: Buffer): Answer {
  if (!headers.authorization?.includes(`Credential=${objects.accessKeyId}/`)) throw new Refused(403, 'AccessDenied');
  const { pathname, searchParams } = new URL(url ?? '', 'http://store');
  const [, bucket = '', ...rest] = decodeURIComponent(pathname).split('/');
  const key = rest.join('/');
  const held = objects.buckets.get(bucket);
  if (held === undefined) throw new Refused(404, 'NoSuchBucket');
  const uploadId = searchParams.get('uploadId');
  if (key === '') {
    if (method === 'HEAD') return {};
  } else if (method === 'POST' && searchParams.has('uploads')) {
    const id = randomUUID();
    objects.uploads.set(id, { bucket, key, parts: new Map() });
    return { body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>` };
  } else if (uploadId !== null) {
    const upload = objects.uploads.get(uploadId);
    if (upload === undefined) throw new Refused(404, 'NoSuchUpload');
    if (method === 'DELETE') {
      objects.uploads.delete(uploadId);
      return { status: 204 };
    }
    if (method === 'PUT') {
      upload.parts.set(Number(searchParams.get('partNumber')), content);
      return { headers: { etag: etagOf(content) } };
    }
    if (method === 'POST') return complete(objects, held, uploadId, content.toString());
  } else if (method === 'DELETE') {
    held.delete(key);
    return { status: 204 };
  } else if (method === 'HEAD' || method === 'GET') {
    return read(held.get(key), headers);
  }
  throw new Refused(501, 'NotImplemented');
}

function read(object: Buffer | undefined, { range, ...headers }: IncomingMessage['headers']): Answer {
  if (object === undefined) throw new Refused(404, 'NoSuchKey');
  const etag = etagOf(object);
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) throw new Refused(412, 'PreconditionFailed');
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= object.length) throw new Refused(416, 'InvalidRange');
  const body = object.subarray(start);
  return { status: range === undefined ? 200 : 206, headers: { etag, 'content-length': body.length }, body };
}

/** Takes the parts that are named, each of which must be there and, but for the last, have the least size that S3 asks for. */
function complete(objects: ObjectServer, bucket: Map<string, Buffer>, uploadId: string, named: string): Answer {
  const { key = '', parts } = objects.uploads.get(uploadId) ?? {};
  const numbers = [...named.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number));
  const bytes = numbers.map((number) => parts?.get(number));
  if (bytes.length === 0 || bytes.some((part) => part === undefined)) throw new Refused(400, 'InvalidPart');
  if (bytes.slice(0, -1).some((part) => (part?.length ?? 0) < 5 * 1024 ** 2)) throw new Refused(400, 'EntityTooSmall');
  bucket.set(key, Buffer.concat(bytes as Buffer[]));
  objects.uploads.delete(uploadId);
  return { body: '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>' };
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
