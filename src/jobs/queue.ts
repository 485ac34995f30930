/**
 * The queue (design §5): admission is ours, delivery is pg-boss's. The copies table says who waits; a copy that there is
 * room for gets a job, in the transaction that found the room. Everything that retries is decided here and in
 * `copy-image.ts`, so pg-boss itself retries only the jobs of dead workers.
 */
import { fromKysely, PgBoss } from 'pg-boss';
import { type AccountRegion, lockAccountRegion } from '../db/account-regions.ts';
import { admitCopies, noteJob } from '../db/admission.ts';
import type { DatabaseAddress, Trx } from '../db/database.ts';
import type { Logger } from '../telemetry/logger.ts';

const copyQueue = 'copy-image';

/** Payload of a copy's job. `version` changes when a job of an older server could not be understood any more. */
interface CopyJob {
  readonly version: 1;
  readonly copy: string;
}

function payloadOf(copy: string): CopyJob {
  return { version: 1, copy };
}

export interface QueueSettings {
  /** Copies of one group (account and destination region) that run at once. */
  readonly groupCap: number;
  /** Copies that this process runs at once. */
  readonly concurrency: number;
  /** A worker that was silent for so long is dead; at least 10. */
  readonly heartbeatSeconds: number;
}

export type CopyHandler = (copy: string, job: string) => Promise<void>;

export interface Queue {
  /**
   * Gives jobs to the copies of the group that there is room for. Part of every transaction that adds or ends a copy, under the
   * group's lock.
   */
  admit(trx: Trx, group: AccountRegion): Promise<void>;
  /** Takes the group's lock, which must be before a copy's place in the queue, or the room in it, is known. */
  lock(trx: Trx, group: AccountRegion): Promise<void>;
  /** Sends a job for a copy that keeps its admission, to be delivered after `delaySeconds`. */
  resend(trx: Trx, copy: string, delaySeconds: number): Promise<void>;
  /** Whether the job will still be delivered, or is being worked on. */
  isAlive(job: string): Promise<boolean>;
  /** Begins to take jobs. */
  work(handler: CopyHandler): Promise<void>;
  /** Takes no more jobs; handlers that run go on. */
  pause(): Promise<void>;
  /** Waits for the handlers to return, and disconnects. */
  stop(timeoutMs: number): Promise<void>;
}

export async function openQueue(address: DatabaseAddress, settings: QueueSettings, logger: Logger): Promise<Queue> {
  const boss = new PgBoss({
    ...address,
    schema: 'pgboss',
    max: 4,
    useListenNotify: true,
    application_name: 'mimeo queue',
  });
  boss.on('error', (error) => logger.error({ error }, 'the queue met an error'));
  boss.on('warning', (warning) => logger.warn({ warning }, 'the queue warns'));
  await boss.start();
  const options = {
    heartbeatSeconds: settings.heartbeatSeconds,
    retryLimit: 1000,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 60,
    // pg-boss allows no more. A copy that takes longer is handed over then, and goes on from what is durable.
    expireInSeconds: 24 * 3600,
    notify: true,
  };
  await boss.createQueue(copyQueue, { policy: 'standard', deleteAfterSeconds: 24 * 3600, ...options });
  await boss.updateQueue(copyQueue, options);

  return {
    async admit(trx, group) {
      const admitted = await admitCopies(trx, group, settings.groupCap);
      if (admitted.length === 0) return;
      const jobs = admitted.map(({ id, job }) => ({ id: job, data: payloadOf(id) }));
      await boss.insert(copyQueue, jobs, { db: fromKysely(trx) });
    },
    lock: lockAccountRegion,
    async resend(trx, copy, delaySeconds) {
      const job = await boss.send(copyQueue, payloadOf(copy), { db: fromKysely(trx), startAfter: delaySeconds });
      if (job === null) throw new Error('the queue did not take the job');
      await noteJob(trx, copy, job);
    },
    async isAlive(job) {
      const [found] = await boss.findJobs(copyQueue, { id: job });
      return found !== undefined && ['created', 'retry', 'active'].includes(found.state);
    },
    async work(handler) {
      const polling = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 5 };
      for (let lane = 0; lane < settings.concurrency; lane++) {
        const worker: string = await boss.work<CopyJob>(copyQueue, polling, async ([job]) => {
          // Asks for another right after this one; otherwise pg-boss sleeps until it hears of a new job, whatever waits.
          boss.notifyWorker(worker);
          if (job !== undefined) await handler(job.data.copy, job.id);
        });
      }
    },
    async pause() {
      await boss.offWork(copyQueue, { wait: false });
    },
    async stop(timeoutMs) {
      await boss.stop({ graceful: true, timeout: timeoutMs });
    },
  };
}
