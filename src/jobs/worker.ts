/**
 * The worker of one server: takes copies from the queue, lets go of those that are cancelled, hands back what runs when
 * the server stops, and looks after what a crash left behind.
 */
import { listAdmitted, listWaitingGroups, lockAdmitted } from '../db/admission.ts';
import { findCopyById, listCopiesHeldBy } from '../db/copies.ts';
import { type DatabaseAddress, inTransaction } from '../db/database.ts';
import { holdImage } from '../db/images.ts';
import { copyCancelled, listen } from '../db/notifications.ts';
import type { CopyContext } from './copy-context.ts';
import { runCopy } from './copy-image.ts';
import { CopyLostError, handBack, ShuttingDownError } from './copy-outcome.ts';

export interface Worker {
  /** Hands running copies back and resolves when none runs any more. */
  stop(): Promise<void>;
}

const sweepIntervalMs = 30_000;

/** Starts working. First gives back what this server held when it was killed: nobody else can hold its id. */
export async function startWorker(context: CopyContext, address: DatabaseAddress): Promise<Worker> {
  const { db, queue, server, logger } = context;
  const running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  let stopping = false;

  for (const copy of await listCopiesHeldBy(db, server)) {
    await inTransaction(db, (trx) => handBack(trx, copy, undefined, 0, context));
  }
  await sweep(context);

  const listener = await listen(
    address,
    copyCancelled,
    (copy) => running.get(copy)?.abort.abort(new CopyLostError()),
    (error) => logger.warn({ error }, 'the listener lost its connection'),
  );

  await queue.work(async (copy, job) => {
    // Delivered while the queue was being paused: the error lets pg-boss give the job to the next that asks.
    if (stopping) throw new ShuttingDownError();
    const abort = new AbortController();
    const done = runCopy(copy, job, context, abort);
    running.set(copy, { abort, done });
    try {
      await done;
    } finally {
      if (running.get(copy)?.done === done) running.delete(copy);
    }
  });

  const sweeper = setInterval(() => {
    sweep(context).catch((error: unknown) => logger.error({ error }, 'the sweep failed'));
  }, sweepIntervalMs);

  return {
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      await queue.pause();
      for (const { abort } of running.values()) abort.abort(new ShuttingDownError());
      await Promise.allSettled([...running.values()].map(({ done }) => done));
      await listener.close();
    },
  };
}

/** Admits what waits although there is room, and sends a new job for a copy whose job is gone. */
export async function sweep(context: CopyContext): Promise<void> {
  const { db, queue, logger } = context;
  for (const group of await listWaitingGroups(db)) {
    await inTransaction(db, async (trx) => {
      await queue.lock(trx, group);
      await queue.admit(trx, group);
    });
  }
  for (const admitted of await listAdmitted(db)) {
    if (await queue.isAlive(admitted.job)) continue;
    await inTransaction(db, async (trx) => {
      const copy = await findCopyById(trx, admitted.id);
      if (copy === undefined) return;
      await holdImage(trx, copy.destinationImageId);
      const state = await lockAdmitted(trx, admitted);
      if (state === undefined) return;
      logger.warn({ copy: copy.id }, 'the job of a copy is gone; sending another');
      if (state === 'running') await handBack(trx, copy, undefined, 0, context);
      else await queue.resend(trx, copy.id, 0);
    });
  }
}
