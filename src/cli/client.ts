/** The native API as functions: what each sends and what it gives back is docs/native-api.md, in its order. */
import type { IncomingMessage } from 'node:http';
import { decodeExtents, type ExtentStream, encodeExtents, extentsMediaType, type Run } from '../lib/extent-stream.ts';
import type {
  ApiCollection,
  ApiCopy,
  ApiImage,
  ApiNewCopy,
  ApiNewImage,
  ApiProblem,
  ApiRegion,
  ApiStatus,
  ApiVerification,
} from './api.ts';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { type OutgoingRequest, type ServerAddress, send, UnreachableError } from './http.ts';

export type Client = ReturnType<typeof createClient>;

type Query = Readonly<Record<string, string | undefined>>;

/** Milliseconds; a request that is answered from the database alone and takes longer hangs. */
const answerTimeout = 30_000;

/** Requests end with `signal`'s reason when it is aborted, except those that leave something behind to clean up. */
export function createClient(server: ServerAddress, signal?: AbortSignal) {
  const quick = { signal, timeout: answerTimeout };

  async function exchange<Answer>(request: OutgoingRequest): Promise<Answer> {
    const response = await send(server, request);
    return readAnswer(server.url, response, request.signal);
  }
  const get = <Answer>(path: string, query: Query = {}) =>
    exchange<Answer>({ ...quick, method: 'GET', path: withQuery(path, query) });
  const post = <Answer>(path: string, body: object, options: Pick<OutgoingRequest, 'signal' | 'timeout'>) =>
    exchange<Answer>({
      ...options,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  return {
    url: server.url,
    status: () => get<ApiStatus>('/status'),
    listRegions: () => get<{ regions: ApiRegion[] }>('/regions'),
    // Not to be cut short: an image whose id never arrived could not be deleted again.
    createImage: (image: ApiNewImage) => post<ApiImage>('/images', image, { timeout: answerTimeout }),
    listImages: (query: Query = {}) => get<{ images: ApiImage[] }>('/images', query),
    getImage: (image: string) => get<ApiImage>(path`/images/${image}`),
    /** Also after an interrupt, because it is what cleans up. */
    deleteImage: (image: string) =>
      exchange<void>({ method: 'DELETE', path: path`/images/${image}`, timeout: answerTimeout }),
    uploadDisk: (image: string, disk: number, size: number, runs: AsyncIterable<Run>) =>
      exchange<ApiImage>({
        method: 'PUT',
        path: path`/images/${image}/disks/${disk}/content`,
        headers: { 'content-type': extentsMediaType },
        body: encodeExtents(size, runs),
        signal,
      }),
    async downloadDisk(image: string, disk: number): Promise<ExtentStream> {
      const response = await send(server, {
        method: 'GET',
        path: path`/images/${image}/disks/${disk}/content`,
        headers: { accept: extentsMediaType },
        signal,
      });
      if (response.statusCode !== 200 || !response.headers['content-type']?.startsWith(extentsMediaType)) {
        return readAnswer(server.url, response, signal);
      }
      return decodeExtents(response);
    },
    createCopy: (copy: ApiNewCopy) => post<ApiCopy>('/copies', copy, quick),
    listCopies: (query: Query = {}) => get<{ copies: ApiCopy[] }>('/copies', query),
    getCopy: (copy: string) => get<ApiCopy>(path`/copies/${copy}`),
    cancelCopy: (copy: string) => post<ApiCopy>(path`/copies/${copy}/cancel`, {}, quick),
    // The two below walk through the stores before they answer, which may take hours.
    collect: (dryRun: boolean) => post<{ regions: ApiCollection[] }>('/store/collect', { dryRun }, { signal }),
    verify: (image: string | undefined) =>
      post<ApiVerification>('/store/verify', image === undefined ? {} : { image }, { signal }),
  };
}

/** A path whose variable parts are escaped. */
function path(texts: TemplateStringsArray, ...parts: (string | number)[]): string {
  return String.raw({ raw: texts }, ...parts.map((part) => encodeURIComponent(part)));
}

function withQuery(path: string, query: Query): string {
  const present = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return present.length === 0 ? path : `${path}?${new URLSearchParams(present)}`;
}

async function readAnswer<Answer>(
  url: URL,
  response: IncomingMessage,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const text = await readText(url, response, signal);
  if (status === 204) return undefined as Answer;
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) return body as Answer;
  if (isProblem(body)) throw new ApiError(status, body);
  throw new CliError(`what answers at ${url.href} is not a Mimeo server (status ${status}, no JSON that Mimeo sends)`, {
    exitCode: exitCodes.unreachable,
    advice: 'check --server, MIMEO_SERVER and --data-dir',
  });
}

async function readText(url: URL, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of source) pieces.push(piece);
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(url, error);
  }
  return Buffer.concat(pieces).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is ApiProblem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}
