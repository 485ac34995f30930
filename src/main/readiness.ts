/** Whether the server can serve: what `/readyz` answers with, and what a load balancer goes by. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/database.ts';
import { isSchemaCurrent } from '../db/migrate.ts';
import { cached } from '../lib/cached.ts';
import type { Clock } from '../lib/clock.ts';
import { BlobError, type BlobStore } from '../store/blob-store.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface ReadinessOptions {
  readonly db: Db;
  readonly stores: ReadonlyMap<string, RegionStore>;
  /** The id of this server. */
  readonly server: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A part that has not answered by then fails; it goes on, and is not asked again before it has. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 2000;
const databaseKeptMs = 1000;
/** Each look writes and removes a blob durably in every region. */
const storesKeptMs = 10_000;

/** The names of the parts that fail: `database`, `schema` or `store <region>`. Why they do stays in the log. */
export function createReadiness(options: ReadinessOptions): () => Promise<string[]> {
  const { db, stores, server, clock, logger, timeoutMs = defaultTimeoutMs } = options;
  async function failing(part: string, look: () => Promise<boolean>): Promise<string[]> {
    try {
      if (await look()) return [];
      logger.warn({ part }, 'not ready');
    } catch (error) {
      logger.warn({ part, error }, 'not ready');
    }
    return [part];
  }

  const database = cached(
    async () => {
      let answered = false;
      const isCurrent = async () => {
        const current = await isSchemaCurrent(db);
        answered = true;
        return current;
      };
      const parts = await failing('schema', isCurrent);
      return answered ? parts : ['database'];
    },
    clock,
    () => databaseKeptMs,
  );
  const regions = [...stores.values()].map(({ region, blobs }) => {
    const part = `store ${region}`;
    return {
      part,
      look: cached(
        () => failing(part, () => isWritable(blobs, `probes/${server}`)),
        clock,
        () => storesKeptMs,
      ),
    };
  });

  return async () => {
    const looks = [{ part: 'database', look: database }, ...regions];
    const found = await Promise.all(looks.map(({ part, look }) => inTime(look(), timeoutMs, [part])));
    return found.flat();
  };
}

/**
 * A full store is not a failing one: it can be read, and only a server that is asked can delete something. One that was
 * killed in the middle has left its probe behind; taking that away shows as much.
 */
async function isWritable(blobs: BlobStore, key: string): Promise<boolean> {
  try {
    await blobs.put(key, new Uint8Array(1));
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    if (error.kind === 'full') return true;
    if (error.kind !== 'exists') throw error;
  }
  await blobs.remove(key);
  return true;
}

async function inTime<Result>(work: Promise<Result>, timeoutMs: number, late: Result): Promise<Result> {
  const answered = new AbortController();
  try {
    return await Promise.race([work, sleep(timeoutMs, late, { signal: answered.signal, ref: false })]);
  } finally {
    answered.abort();
  }
}
