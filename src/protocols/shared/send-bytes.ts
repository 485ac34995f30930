import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Answers with bytes as they come; `onClose` is called when no more can follow. A socket on which no byte moves for `idleMs`, be
 * it for want of a reader or of the store's answer, is closed.
 */
export function sendBytes(
  reply: FastifyReply,
  bytes: AsyncIterable<Uint8Array>,
  { idleMs, onClose }: { readonly idleMs: number; readonly onClose: () => void },
): FastifyReply {
  reply.raw.setTimeout(idleMs).once('close', onClose);
  return reply.send(Readable.from(bytes, { objectMode: false, highWaterMark: 1024 * 1024 }));
}
