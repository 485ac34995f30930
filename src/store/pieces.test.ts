import { describe, expect, it } from 'vitest';
import { piecesOf } from './pieces.ts';

const reason = new Error('enough');

describe('piecesOf', () => {
  it('gives a buffer in steps, the last one shorter, and an empty one in none', async () => {
    const lengths = [];
    for await (const piece of piecesOf(new Uint8Array(2_500_000))) lengths.push(piece.length);
    expect(lengths).toEqual([1_048_576, 1_048_576, 402_848]);
    for await (const _ of piecesOf(new Uint8Array())) expect.unreachable();
  });

  it('ends a buffer at the step after an abort', async () => {
    const abort = new AbortController();
    const given = piecesOf(new Uint8Array(2_500_000), abort.signal);
    await given.next();
    abort.abort(reason);
    await expect(given.next()).rejects.toBe(reason);
  });

  it('does not wait for a source that is silent when the abort comes', async () => {
    const abort = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      await new Promise(() => {});
    }
    const given = piecesOf(silent(), abort.signal);
    await given.next();
    const next = given.next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
  });

  it.each([undefined, new AbortController().signal])(
    'tells a source that its consumer left early (signal: %o)',
    async (signal) => {
      let told = false;
      async function* source() {
        try {
          for (;;) yield new Uint8Array(1);
        } finally {
          told = true;
        }
      }
      for await (const piece of piecesOf(source(), signal)) {
        expect(piece.length).toBe(1);
        break;
      }
      expect(told).toBe(true);
    },
  );

  it('lets the error of a source through, also one that comes after the abort', async () => {
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield await late.promise;
    }
    const next = piecesOf(source(), abort.signal).next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    // Must not become an unhandled rejection, which would fail the run.
    late.reject(new Error('too late'));

    const broken = new Error('broken');
    // biome-ignore lint/correctness/useYield: a source that fails before its first piece
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw broken;
    }
    await expect(piecesOf(failing(), new AbortController().signal).next()).rejects.toBe(broken);
  });
});
