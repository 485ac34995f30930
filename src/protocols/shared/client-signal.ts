import type { FastifyReply } from 'fastify';

/** Aborts when the client goes away before it has the whole answer; it may be gone already. */
export function clientSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const abort = () => gone.abort(new Error('the client went away'));
  // A client that went while the gate was asked emits no second `close`.
  if (raw.destroyed && !raw.writableFinished) abort();
  else raw.once('close', () => !raw.writableFinished && abort());
  return gone.signal;
}
