/** Server-sent events (WHATWG HTML, 9.2) out of what is watched. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export const eventStreamType = 'text/event-stream';

export interface EventStreamOptions {
  /** What each of the items is called. */
  readonly event: string;
  /** The items, until the signal aborts. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<unknown>;
  /** A comment so often tells both ends, and all between them, that the other is there. */
  readonly heartbeatMs: number;
  /** Asked with each heartbeat: false ends the stream. */
  readonly mayGoOn: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/**
 * The stream of what is watched, each item as an `event` with the item as its data. Waits for the first, so that a refusal is
 * still an answer of its own. Ends with them, or when `signal` aborts; reads no further than the client takes.
 */
export async function eventStream(options: EventStreamOptions): Promise<Readable> {
  const { watch, signal } = options;
  const over = new AbortController();
  const iterator = watch(AbortSignal.any([signal, over.signal]))[Symbol.asyncIterator]();
  const first = await iterator.next();
  signal.throwIfAborted();
  const stream = Readable.from(write(iterator, first, over, options), { objectMode: false });
  // Also where nobody has begun to read it.
  signal.addEventListener('abort', () => stream.destroy(), { once: true });
  return stream;
}

async function* write(
  iterator: AsyncIterator<unknown>,
  first: IteratorResult<unknown>,
  over: AbortController,
  { event, heartbeatMs, mayGoOn, signal }: EventStreamOptions,
): AsyncGenerator<string> {
  const calledOff = AbortSignal.any([signal, over.signal]);
  const heartbeat = () => sleep(heartbeatMs, undefined, { signal: calledOff }).catch(() => undefined);
  try {
    let next = Promise.resolve(first);
    let beat = heartbeat();
    for (;;) {
      // The heartbeat before the item, or a stream that always has something to tell would never be asked about.
      const item = await Promise.race([beat, next]);
      if (signal.aborted || item?.done) return;
      if (item !== undefined) {
        yield `event: ${event}\ndata: ${JSON.stringify(item.value)}\n\n`;
        next = iterator.next();
      } else {
        if (!(await mayGoOn())) return;
        yield ': still there\n\n';
        beat = heartbeat();
      }
    }
  } finally {
    // An item that is waited for may never come, and the iterator would end only after it.
    over.abort();
    await iterator.return?.();
  }
}
