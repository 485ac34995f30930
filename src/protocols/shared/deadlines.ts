/**
 * Bounds for clients that are slow on purpose. The front door bounds a request's head; here are its body, where it is
 * parsed as a whole, and an answer that is sent as a whole. What streams - a disk's content, events - is bound by
 * whoever streams it.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Fastify answers with the status; the message is for the person whose client it is. */
class SlowRequestError extends Error {
  readonly statusCode = 408;

  constructor(seconds: number) {
    super(`the body of the request did not arrive within ${seconds} s; send it again, faster or smaller`);
    this.name = 'SlowRequestError';
  }
}

/** Gives each parsed body `seconds` to arrive. */
export function boundBodies(app: FastifyInstance, seconds: number): void {
  const timers = new WeakMap<FastifyReply, NodeJS.Timeout>();
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
      return done(null, payload);
    }
    // To whoever is reading it the body has failed. When nobody is, it has been read, or refused as too large.
    const timer = setTimeout(() => {
      if (payload.listenerCount('error') > 0) payload.emit('error', new SlowRequestError(seconds));
    }, seconds * 1000);
    timers.set(reply, timer);
    reply.raw.once('close', () => clearTimeout(timer));
    done(null, payload);
  });
  app.addHook('preValidation', (_request, reply, done) => {
    clearTimeout(timers.get(reply));
    done();
  });
}

/** Each body, of whatever type, is read as bytes, and has `seconds` to arrive. */
export function takeWholeBodies(app: FastifyInstance, seconds: number): void {
  boundBodies(app, seconds);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Gives each client `seconds` to take an answer that is sent as a whole. */
export function boundAnswers(app: FastifyInstance, seconds: number): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Of a client that is gone `close` has been told already.
    if (!reply.raw.destroyed && (typeof payload === 'string' || Buffer.isBuffer(payload))) {
      const timer = setTimeout(() => reply.raw.destroy(), seconds * 1000);
      reply.raw.once('close', () => clearTimeout(timer));
    }
    done(null, payload);
  });
}
