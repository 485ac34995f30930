/** Server-sent events (WHATWG HTML, 9.2) out of what is watched. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export const eventStreamType = 'text/event-stream';

/** A comment now and then tells both ends, and all between them, that the other is there. */
const heartbeatMs = 15_000;

/**
 * The stream of `items`, each as an `event` with the item as its data. Waits for the first, so that a refusal is still an
 * answer of its own. Ends with them, or when `signal` aborts; reads no further than the client takes.
 */
export async function eventStream(
  event: string,
  items: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<Readable> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  return Readable.from(write(event, iterator, first, signal), { objectMode: false });
}

async function* write(
  event: string,
  iterator: AsyncIterator<unknown>,
  first: IteratorResult<unknown>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for (let item = first; item.done !== true; ) {
      yield `event: ${event}\ndata: ${JSON.stringify(item.value)}\n\n`;
      const next = iterator.next();
      for (;;) {
        const arrived = await withinHeartbeat(next, signal);
        if (arrived !== undefined) {
          item = arrived;
          break;
        }
        if (signal.aborted) return;
        yield ': still there\n\n';
      }
    }
  } finally {
    await iterator.return?.();
  }
}

/** What comes before the next heartbeat is due; undefined: nothing did. */
async function withinHeartbeat<Item>(next: Promise<Item>, signal: AbortSignal): Promise<Item | undefined> {
  const arrived = new AbortController();
  const heartbeat = sleep(heartbeatMs, undefined, { signal: AbortSignal.any([signal, arrived.signal]) });
  try {
    return await Promise.race([next, heartbeat.catch(() => undefined)]);
  } finally {
    arrived.abort();
  }
}
