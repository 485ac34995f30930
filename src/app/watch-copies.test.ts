import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
} from '../../test/support/installation.ts';
import type { Copy } from '../domain/copy.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { watchCopies } from './watch-copies.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let request: string;
let copies: readonly Copy[];
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 1 });
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function setUp(): Promise<void> {
  caller = await installation.newCaller();
  const images = await Promise.all([1, 2].map(() => makeImage(context, caller, [randomBytes(1000)])));
  const command = { policy: nativeCopyPolicy, images: images.map(({ id }) => id), regions: ['south'] };
  ({ request, copies } = await copyImages(context, caller, command));
}

describe('watchCopies', () => {
  it('tells each state that lasts, of each copy of the request, and ends with the last', async () => {
    await setUp();
    const [first, second] = copies as [Copy, Copy];
    const told: (readonly [string, string, number | null])[] = [];
    for await (const { id, state, queuePosition } of watchCopies(context, caller, { request }, never)) {
      told.push([id, state, queuePosition]);
      if (id === second.id && queuePosition === 2) await finishCopy(installation, caller, first.id);
      else if (id === second.id && queuePosition === 1) await cancelCopy(context, caller, second.id);
    }
    expect(told).toEqual([
      [first.id, 'queued', 1],
      [second.id, 'queued', 2],
      [first.id, 'succeeded', null],
      [second.id, 'queued', 1],
      [second.id, 'cancelled', null],
    ]);
  });

  it('tells at once of a copy that has ended, and no more', async () => {
    await setUp();
    const [first] = copies as [Copy];
    await cancelCopy(context, caller, first.id);
    const told = await Array.fromAsync(watchCopies(context, { ...caller, role: 'viewer' }, { copy: first.id }, never));
    expect(told.map(({ state }) => state)).toEqual(['cancelled']);
  });

  it('stops when it is called off', async () => {
    await setUp();
    const abort = new AbortController();
    const watching = watchCopies(context, caller, { request }, abort.signal);
    await watching.next();
    await watching.next();
    const waiting = watching.next();
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    expect(await watching.next()).toEqual({ done: true, value: undefined });
  });

  it('knows nothing of what is not there, or not the caller’s', async () => {
    await setUp();
    const stranger = await installation.newCaller();
    const restricted: Caller = { ...caller, agency: 'helpers', projects: [randomUUID()] };
    for (const [by, watched, copy] of [
      [caller, { copy: 'x' }, 'x'],
      [caller, { request: 'no uuid' }, 'no uuid'],
      [stranger, { request }, request],
      [stranger, { copy: copies[0]?.id as string }, copies[0]?.id],
      [restricted, { request }, request],
      [restricted, { copy: copies[0]?.id as string }, copies[0]?.id],
    ] as const) {
      await expect(watchCopies(context, by, watched, never).next()).rejects.toMatchObject({
        code: 'copy.not-found',
        facts: { copy },
      });
    }
  });
});
