/** What a server does now and then without being asked. */
import { abandonExpiredUploads } from '../app/abandon-uploads.ts';
import { collectHalfMade } from '../app/collect-store.ts';
import type { AppContext } from '../app/context.ts';
import { forgetOldEvents } from '../app/forget-old-events.ts';
import { forgetExpired } from '../app/tenants/forget-expired.ts';

const intervalMs = 10_000;

export interface Housekeeping {
  /** Resolves when a round that has begun is over. */
  stop(): Promise<void>;
}

/**
 * Puts back cut-off uploads that nobody has gone on with in time, removes the bytes of images that were never finished, and
 * forgets what has expired. The first round begins at once.
 */
export function startHousekeeping(
  context: AppContext,
  { keepEventsMs }: { readonly keepEventsMs: number },
): Housekeeping {
  const stopping = new AbortController();
  let busy = false;

  async function keepHouse(): Promise<void> {
    busy = true;
    try {
      await abandonExpiredUploads(context);
      await collectHalfMade(context, stopping.signal);
      await forgetExpired(context, stopping.signal);
      await forgetOldEvents(context, keepEventsMs, stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) context.logger.error({ error }, 'housekeeping failed');
    } finally {
      busy = false;
    }
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
