/** A disk's bytes in and out, in the two media types of docs/native-api.md. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppContext } from '../../app/context.ts';
import { readDisk } from '../../app/read-disk.ts';
import { uploadDisk } from '../../app/upload-disk.ts';
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import {
  decodeExtents,
  ExtentStreamError,
  encodeExtents,
  extentsMediaType,
  type Run,
} from '../../lib/extent-stream.ts';
import { bytesOf, runsOf } from '../../lib/raw-stream.ts';
import { clientSignal } from './client-signal.ts';
import { diskIndex, parse } from './input.ts';
import { problem, problemOfFailure } from './problem.ts';
import { renderImage } from './render.ts';

const rawMediaType = 'application/octet-stream';

interface ContentRoute {
  Params: { id: string; index: string };
}

/** `app` is a scope of its own: in it there are no other media types. */
export function contentRoutes(app: FastifyInstance, context: AppContext): void {
  // The bodies are read by the handlers themselves, as they come; anything that is parsed is not a disk's bytes.
  app.removeAllContentTypeParsers();
  for (const type of [rawMediaType, extentsMediaType]) {
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }

  app.put<ContentRoute>('/images/:id/disks/:index/content', async (request, reply) => {
    const place = { image: request.params.id, disk: parse(diskIndex, request.params.index) };
    const signal = clientSignal(reply);
    const body = request.body as AsyncIterable<Uint8Array> | null;
    if (body === null) throw new RefusalError('upload.malformed', { ...place, reason: 'the request has no content' });
    try {
      const content = await openContent(request, body);
      const image = await uploadDisk(context, request.caller, { ...place, ...content, signal });
      return renderImage(image);
    } catch (error) {
      if (error instanceof ExtentStreamError) throw refusalOf(error, place);
      throw error;
    }
  });

  app.get<ContentRoute>('/images/:id/disks/:index/content', async (request, reply) => {
    const disk = parse(diskIndex, request.params.index);
    const { size, runs } = await readDisk(context, request.caller, request.params.id, disk, clientSignal(reply));
    const asExtents = request.headers.accept?.includes(extentsMediaType) ?? false;
    reply.type(asExtents ? extentsMediaType : rawMediaType);
    if (!asExtents) reply.header('content-length', size);
    const bytes = asExtents ? encodeExtents(size, runs, { problemOf }) : bytesOf(size, runs);
    return reply.send(Readable.from(bytes, { objectMode: false, highWaterMark: 1024 * 1024 }));
  });
}

/** The disk's size, where the stream tells it, and its runs. */
async function openContent(
  request: FastifyRequest,
  body: AsyncIterable<Uint8Array>,
): Promise<{ size: number | null; runs: AsyncIterable<Run> }> {
  if (request.headers['content-type']?.startsWith(extentsMediaType)) return await decodeExtents(body);
  const length = request.headers['content-length'];
  return { size: length === undefined ? null : Number(length), runs: runsOf(body) };
}

function refusalOf(error: ExtentStreamError, place: { image: string; disk: number }): RefusalError {
  return new RefusalError('upload.malformed', { ...place, reason: error.message }, { cause: error });
}

/** What goes into the error record of a download that cannot go on; anything unforeseen stays in the log. */
function problemOf(error: unknown): object {
  return error instanceof FailureError ? problemOfFailure(error) : problem('internal', 500, 'internal error');
}
