/** Reads an object to its end, however often the connection breaks on the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectError, type ObjectPlace, type ObjectStore } from './object-store.ts';

/** Times in a row that not a byte comes before it is given up. */
const mostFailures = 3;
const pauseMs = 100;

/** The bytes from `start`; each time that they break off, they go on with the byte after the last. */
export async function* readObject(
  store: Pick<ObjectStore, 'read'>,
  place: ObjectPlace,
  { start, etag }: { readonly start: number; readonly etag: string },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = start;
  for (let failures = 0; ; ) {
    try {
      for await (const bytes of store.read(place, { start: at, etag }, signal)) {
        at += bytes.length;
        failures = 0;
        yield bytes;
      }
      return;
    } catch (error) {
      const mayPass = error instanceof ObjectError && error.kind === 'unreachable';
      failures += 1;
      if (!mayPass || failures >= mostFailures) throw error;
      await sleep(pauseMs * failures, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}
