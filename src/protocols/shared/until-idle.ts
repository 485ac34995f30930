import type { Readable } from 'node:stream';

/**
 * The pieces of a request's body. Whoever stops before the end can still answer: the body is not destroyed. A piece
 * that does not come within `idleMs` ends the connection: a client that has gone without a word must not hold an upload
 * for ever. Time that the server itself takes does not count.
 */
export async function* untilIdle(
  body: Readable,
  idleMs: number,
  cutOff: (reason: Error) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator: AsyncIterator<Uint8Array> = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const idle = setTimeout(() => cutOff(new Error(`no byte came for ${idleMs / 1000} seconds`)), idleMs);
      const next = await iterator.next().finally(() => clearTimeout(idle));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
