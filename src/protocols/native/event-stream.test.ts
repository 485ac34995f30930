import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventStream } from './event-stream.ts';

/** One item, and then one a millisecond, or none. */
async function* ticks(signal: AbortSignal, { goesOn }: { readonly goesOn: boolean }): AsyncGenerator<number> {
  yield 0;
  for (let tick = 1; ; tick += 1) {
    await sleep(goesOn ? 1 : 60_000, undefined, { signal });
    yield tick;
  }
}

it.each([true, false])(
  'is asked about with each heartbeat, and ends when it may not go on (busy: %s)',
  async (goesOn) => {
    let asked = 0;
    const stream = await eventStream({
      event: 'tick',
      watch: (signal) => ticks(signal, { goesOn }),
      heartbeatMs: 20,
      mayGoOn: async () => ++asked < 3,
      signal: new AbortController().signal,
    });
    const told = (await stream.toArray()).join('');
    expect(told).toMatch(/^event: tick\ndata: 0\n\n/);
    expect(told.split(': still there\n\n')).toHaveLength(3);
    expect(asked).toBe(3);
  },
);

it('is closed when the client goes before anybody has read it', async () => {
  const client = new AbortController();
  const watch = (signal: AbortSignal) => ticks(signal, { goesOn: false });
  const options = { event: 'tick', watch, heartbeatMs: 20, mayGoOn: async () => true };
  const stream = await eventStream({ ...options, signal: client.signal });
  const closed = new Promise((resolve) => stream.once('close', resolve));
  client.abort();
  await closed;
  await expect(eventStream({ ...options, signal: client.signal })).rejects.toMatchObject({ name: 'AbortError' });
});
