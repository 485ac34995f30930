/** Ways in which a key comes to an end while the clock that requests are signed by stays as it is. */
import type { AppContext, Caller } from '../../src/app/context.ts';
import { disableKey } from '../../src/app/keys/change-key.ts';
import { destroyDueKeys, scheduleKeyDeletion } from '../../src/app/keys/key-deletion.ts';
import { revokeKey } from '../../src/app/keys/key-grants.ts';
import { never } from './installation.ts';

const day = 24 * 3600 * 1000;

type EndKey = (context: AppContext, caller: Caller, key: string) => Promise<unknown>;

export const keyEndings = {
  disabled: disableKey,
  doomed: (context, caller, key) => scheduleKeyDeletion(context, caller, key, 7),
  async gone(context, caller, key) {
    await scheduleKeyDeletion(context, caller, key, 7);
    const clock = { now: () => context.clock.now() + 8 * day };
    await destroyDueKeys({ ...context, clock }, never);
  },
  denied: (context, caller, key) => revokeKey(context, caller, key, 'images'),
} as const satisfies Readonly<Record<string, EndKey>>;

export type KeyEnding = keyof typeof keyEndings;
