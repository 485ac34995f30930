/** `GET` gives a disk's bytes, all of them or a range; `HEAD` says what there is, or how far the upload of it is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AppContext } from '../../app/context.ts';
import type { DiskRange } from '../../app/data-plane.ts';
import { findContent } from '../../app/find-content.ts';
import { findDownload, readDisk } from '../../app/read-disk.ts';
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { encodeExtents, extentsMediaType } from '../../lib/extent-stream.ts';
import { bytesOf } from '../../lib/raw-stream.ts';
import { allowsRange, namesTag, parseRange } from '../shared/byte-range.ts';
import { clientSignal } from '../shared/client-signal.ts';
import { problemDocument } from '../shared/problem-document.ts';
import { sendBytes } from '../shared/send-bytes.ts';
import type { Transfers } from '../shared/transfers.ts';
import { beginTransfer } from './begin-transfer.ts';
import { type ContentRoute, contentPath, placeOf, rawMediaType } from './content-route.ts';
import { tell } from './content-upload.ts';
import { parse } from './input.ts';
import { problemOfFailure } from './problem.ts';

const query = z.strictObject({ from: z.coerce.number().int().min(0).optional() });

export function downloadRoutes(app: FastifyInstance, context: AppContext, transfers: Transfers): void {
  app.head<ContentRoute>(contentPath, async (request, reply) => {
    const { image, disk } = placeOf(request);
    const state = await findContent(context, request.caller, image, disk);
    tell(reply, state, context.clock.now());
    if (state.digest === null) return await reply.code(204).send();
    const { type, isPlain } = describe(request, reply, state.digest);
    if (isPlain) reply.header('content-length', state.size);
    return await reply.type(type).send();
  });

  app.get<ContentRoute>(contentPath, { exposeHeadRoute: false }, async (request, reply) => {
    const place = placeOf(request);
    const { image, disk, size, digest } = await findDownload(context, request.caller, place.image, place.disk);
    const { from } = parse(query, request.query);
    const { type, tag, isPlain } = describe(request, reply, digest);
    if (namesTag(request.headers['if-none-match'], tag)) return await reply.code(304).send();
    const range = isPlain ? plainRange(request, tag, size) : extentsRange(from, size);
    if (isPlain && from !== undefined) {
      throw new RefusalError('request.invalid', { field: 'from', rule: `goes with Accept: ${extentsMediaType}` });
    }
    if (range === 'none') {
      reply.header('content-range', `bytes */${size}`);
      throw new RefusalError('disk.range', { image, disk, size });
    }
    const endTransfer = beginTransfer(transfers, request.caller);
    try {
      const signal = clientSignal(reply);
      const { runs } = await readDisk(context, request.caller, image, disk, signal, range);
      signal.throwIfAborted();
      reply.type(type);
      const sending = { idleMs: transfers.idleMs, onClose: endTransfer };
      if (!isPlain) return await sendBytes(reply, encodeExtents(size, runs, { problemOf }), sending);
      const { start, end } = range ?? { start: 0, end: size };
      reply.header('content-length', end - start);
      if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
      return await sendBytes(reply, bytesOf(end, runs, start), sending);
    } catch (error) {
      endTransfer();
      throw error;
    }
  });
}

/** The representation that the client gets, and its headers, which are the same on every answer about it. */
function describe(request: FastifyRequest, reply: FastifyReply, digest: string) {
  const isPlain = !request.headers.accept?.includes(extentsMediaType);
  const tag = isPlain ? `"${digest}"` : `"${digest}-extents"`;
  reply.headers({ etag: tag, vary: 'accept', 'accept-ranges': isPlain ? 'bytes' : 'none' });
  return { tag, isPlain, type: isPlain ? rawMediaType : extentsMediaType };
}

function plainRange({ headers }: FastifyRequest, tag: string, size: number): DiskRange | 'none' | undefined {
  const ifRange = headers['if-range'];
  return allowsRange(Array.isArray(ifRange) ? ifRange[0] : ifRange, tag) ? parseRange(headers.range, size) : undefined;
}

function extentsRange(from: number | undefined, size: number): DiskRange | 'none' | undefined {
  if (from === undefined) return undefined;
  return from <= size ? { start: from, end: size } : 'none';
}

/** What goes into the error record of a download that cannot go on; anything unforeseen stays in the log. */
function problemOf(error: unknown): object {
  return error instanceof FailureError ? problemOfFailure(error) : problemDocument('internal', 500, 'internal error');
}
