/** `PUT` begins a disk, `PATCH` goes on with it; what a request has brought is kept when the connection breaks off. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AppContext } from '../../app/context.ts';
import { type ContentState, findContent } from '../../app/find-content.ts';
import { type UploadDiskCommand, uploadDisk } from '../../app/upload-disk.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { decodeExtents, ExtentStreamError, extentsMediaType } from '../../lib/extent-stream.ts';
import { runsOf } from '../../lib/raw-stream.ts';
import { awaitOnClose } from '../shared/await-on-close.ts';
import type { Transfers } from '../shared/transfers.ts';
import { untilIdle } from '../shared/until-idle.ts';
import { beginTransfer } from './begin-transfer.ts';
import { type ContentRoute, contentPath, placeOf, rawMediaType } from './content-route.ts';
import { parse } from './input.ts';
import { renderImage } from './render.ts';

const partialMediaType = 'application/partial-upload';

/** Structured fields (RFC 9651): a boolean, and an integer, which has 15 digits at most. */
const boolean = z.enum(['?0', '?1'], 'must be ?0 or ?1').transform((value) => value === '?1');
const integer = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number of bytes')
  .transform(Number);

const putHeaders = z.object({ 'upload-complete': boolean.default(true), 'upload-length': integer.optional() });
const patchHeaders = putHeaders.extend({ 'upload-complete': boolean, 'upload-offset': integer });

export function uploadRoutes(app: FastifyInstance, context: AppContext, transfers: Transfers): void {
  const untilStored = awaitOnClose(app);

  /** Stores what the request brings, and says how far the disk is. */
  async function upload(
    request: FastifyRequest<ContentRoute>,
    reply: FastifyReply,
    headers: z.infer<typeof putHeaders>,
    from?: number,
  ): Promise<object | undefined> {
    const place = placeOf(request);
    const isPartial = !headers['upload-complete'];
    const body = request.body as Readable | null;
    let endTransfer: (() => void) | undefined;
    try {
      endTransfer = beginTransfer(transfers, request.caller);
      const content = body === null ? { size: null, runs: runsOf(none()) } : await open(request, body, from, isPartial);
      const size = content.size ?? headers['upload-length'] ?? null;
      // Not the client's going away: it breaks off the body, and what came until then is to be kept.
      const { signal } = new AbortController();
      const command = { ...place, ...content, size, isPartial, signal, ...(from !== undefined && { from }) };
      const image = await untilStored(uploadDisk(context, request.caller, command));
      tell(reply, await findContent(context, request.caller, image.id, place.disk), context.clock.now());
      if (!isPartial) return renderImage(image, request.caller);
      reply.code(204);
      return undefined;
    } catch (error) {
      // The rest of the body is not read, so nothing else can come over this connection.
      if (!request.raw.complete) reply.header('connection', 'close');
      if (!(error instanceof ExtentStreamError)) throw error;
      throw new RefusalError('upload.malformed', { ...place, reason: error.message }, { cause: error });
    } finally {
      endTransfer?.();
    }
  }

  /** The disk's size, where the request tells it, and the runs that it brings. */
  async function open(
    request: FastifyRequest,
    body: Readable,
    from = 0,
    isPartial: boolean,
  ): Promise<Pick<UploadDiskCommand, 'size' | 'runs'>> {
    const bytes = untilIdle(body, transfers.idleMs, (reason) => request.raw.destroy(reason));
    if (request.headers['content-type']?.startsWith(extentsMediaType)) return await decodeExtents(bytes);
    const length = request.headers['content-length'];
    return { size: isPartial || length === undefined ? null : from + Number(length), runs: runsOf(bytes, from) };
  }

  app.register((scope, _options, done) => {
    takeBodies(scope, rawMediaType);
    scope.put<ContentRoute>(contentPath, async (request, reply) => {
      const headers = parse(putHeaders, request.headers);
      if (request.body !== null) return await upload(request, reply, headers);
      throw new RefusalError('upload.malformed', { ...placeOf(request), reason: 'the request has no content' });
    });
    done();
  });

  app.register((scope, _options, done) => {
    takeBodies(scope, partialMediaType);
    scope.patch<ContentRoute>(contentPath, async (request, reply) => {
      const headers = parse(patchHeaders, request.headers);
      return await upload(request, reply, headers, headers['upload-offset']);
    });
    done();
  });
}

/** Lets bodies of plain bytes, under this name, and of extents through to the handlers. */
function takeBodies(scope: FastifyInstance, plainMediaType: string): void {
  for (const type of [plainMediaType, extentsMediaType]) {
    scope.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
}

/** The headers that tell how far an upload is; they are true for the moment only. */
export function tell(reply: FastifyReply, { size, upload }: ContentState, now: number): void {
  const { offset, isComplete, granularity, keepUntil } = upload;
  const limits = [`max-size=${size}`, `min-size=${size}`, `min-append-size=${granularity}`];
  if (keepUntil !== null) limits.push(`max-age=${Math.max(0, Math.floor((keepUntil - now) / 1000))}`);
  reply.headers({
    'upload-complete': isComplete ? '?1' : '?0',
    'upload-offset': offset,
    'upload-length': size,
    'cache-control': 'no-store',
  });
  if (!isComplete) reply.header('upload-limit', limits.join(', '));
}

async function* none(): AsyncGenerator<Uint8Array, void, undefined> {}
