/** What a server does now and then without being asked. */
import { abandonExpiredUploads } from '../app/abandon-uploads.ts';
import { collectHalfMade } from '../app/collect-store.ts';
import type { AppContext } from '../app/context.ts';
import { forgetOldEvents } from '../app/forget-old-events.ts';
import { forgetClosedKeys } from '../app/keys/data-keys.ts';
import { destroyDueKeys } from '../app/keys/key-deletion.ts';
import { forgetExpired } from '../app/tenants/forget-expired.ts';

const intervalMs = 10_000;

export interface Housekeeping {
  /** Resolves when a round that has begun is over. */
  stop(): Promise<void>;
}

/**
 * Puts back cut-off uploads that nobody has gone on with in time, removes the bytes of images that were never finished,
 * destroys keys whose time has come, and forgets what has expired. The first round begins at once. A chore that fails, be
 * it that a region's store is away, keeps no other from being done.
 */
export function startHousekeeping(
  context: AppContext,
  { keepEventsMs }: { readonly keepEventsMs: number },
): Housekeeping {
  const stopping = new AbortController();
  const { signal } = stopping;
  const chores = new Map<string, () => Promise<unknown>>([
    ['abandon uploads', () => abandonExpiredUploads(context)],
    ...[...context.regionNumbers.keys()].map(
      (region) => [`collect in ${region}`, () => collectHalfMade(context, region, signal)] as const,
    ),
    ['destroy keys', () => destroyDueKeys(context, signal)],
    ['forget closed keys', () => forgetClosedKeys(context)],
    ['forget what has expired', () => forgetExpired(context, signal)],
    ['forget old events', () => forgetOldEvents(context, keepEventsMs, signal)],
  ]);
  let busy = false;

  async function keepHouse(): Promise<void> {
    busy = true;
    for (const [chore, work] of chores) {
      if (signal.aborted) break;
      await work().catch((error: unknown) => {
        if (!signal.aborted) context.logger.error({ error, chore }, 'housekeeping failed');
      });
    }
    busy = false;
  }

  let round = keepHouse();
  const timer = setInterval(() => {
    if (!busy) round = keepHouse();
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await round;
    },
  };
}
