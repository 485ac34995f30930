/** What a server does now and then without being asked. */
import { collectHalfMade } from '../app/collect-store.ts';
import type { AppContext } from '../app/context.ts';
import { abandonDeadUploads } from '../app/upload-disk.ts';

const intervalMs = 10_000;

export interface Housekeeping {
  /** Resolves when a round that has begun is over. */
  stop(): Promise<void>;
}

/** Puts back uploads whose server is gone, and removes the bytes of images that were never finished. */
export function startHousekeeping(context: AppContext): Housekeeping {
  const stopping = new AbortController();
  let round: Promise<void> = Promise.resolve();
  let busy = false;

  async function keepHouse(): Promise<void> {
    busy = true;
    try {
      await abandonDeadUploads(context, false);
      await collectHalfMade(context, stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) context.logger.error({ error }, 'housekeeping failed');
    } finally {
      busy = false;
    }
  }

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
