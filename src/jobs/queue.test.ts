import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { copyImage, createInstallation, type Installation, makeImage, until } from '../../test/support/installation.ts';
import { cancelCopy } from '../app/cancel-copy.ts';
import type { Caller } from '../app/context.ts';
import { findCopy } from '../app/find-copy.ts';
import { insertCopies, moveCopy, startCopy } from '../db/copies.ts';
import { inTransaction } from '../db/database.ts';
import { recordEvents } from '../db/events.ts';
import { insertImage } from '../db/new-images.ts';
import { newImageIds, newSnapshot, newUuid } from '../domain/ids.ts';
import type { Image } from '../domain/image.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { runCopy } from './copy-image.ts';
import { openQueue } from './queue.ts';
import { sweep } from './worker.ts';

const cap = 5;
let installation: Installation;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: cap });
});
afterAll(() => installation.close());

async function newGroup(): Promise<{ caller: Caller; image: Image }> {
  const caller = await installation.newCaller();
  const image = await makeImage(installation.context, caller, [new Uint8Array(4096)]);
  return { caller, image };
}

function accept({ caller, image }: { caller: Caller; image: Image }, region = 'north') {
  return copyImage(installation.context, caller, { image: image.id, region });
}

/** In the order of the queue. */
async function readCopies({ accountId }: Caller) {
  return await installation.context.db
    .selectFrom('copies')
    .select(['id', 'job', 'state', 'sequence', 'finished_at'])
    .where('account', '=', accountId)
    .orderBy('sequence')
    .execute();
}

async function readJobs(copy: string): Promise<{ id: string; state: string; delay: number }[]> {
  const { rows } = await sql<{ id: string; state: string; delay: number }>`
    SELECT id, state, extract(epoch FROM start_after - created_on)::float AS delay FROM pgboss.job
    WHERE data->>'copy' = ${copy} ORDER BY created_on`.execute(installation.context.db);
  return rows;
}

async function jobOf(copy: string): Promise<string> {
  const row = await installation.context.db
    .selectFrom('copies')
    .select('job')
    .where('id', '=', copy)
    .executeTakeFirstOrThrow();
  if (row.job === null) throw new Error(`copy ${copy} has no job`);
  return row.job;
}

/** Watches the group in single statements, each of which sees one moment, until `work` is done. */
async function watched<Result>({ accountId }: Caller, work: Promise<Result>): Promise<Result> {
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  const watching = (async () => {
    while (!done) {
      const { rows } = await sql<{ admitted: number; begun: number | null; waiting: number | null }>`
        SELECT count(*) FILTER (WHERE job IS NOT NULL) AS admitted,
               max(sequence) FILTER (WHERE job IS NOT NULL OR state IN ('succeeded', 'failed')) AS begun,
               min(sequence) FILTER (WHERE job IS NULL AND finished_at IS NULL) AS waiting
        FROM copies WHERE account = ${accountId}`.execute(installation.context.db);
      const [moment] = rows;
      expect(moment?.admitted).toBeLessThanOrEqual(cap);
      if (moment?.waiting != null) expect(moment.begun ?? 0).toBeLessThan(moment.waiting);
    }
  })();
  const [result] = await Promise.all([settled, watching]);
  return result;
}

describe('admission', () => {
  it('keeps cap and order when fifty copies are accepted at once and eight workers end them', async () => {
    const group = await newGroup();
    const accepting = Promise.all(Array.from({ length: 50 }, () => accept(group)));
    const accepted = await watched(group.caller, accepting);
    const queued = await readCopies(group.caller);
    expect(queued.map(({ job }) => job !== null)).toEqual(queued.map((_, number) => number < cap));
    expect(accepted.map(({ queuePosition }) => queuePosition).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 50 }, (_, number) => number + 1),
    );
    await installation.expectSound();

    const worker = async () => {
      for (;;) {
        const copies = await readCopies(group.caller);
        if (copies.every(({ finished_at }) => finished_at !== null)) return;
        const next = copies.find(({ job, state }) => job !== null && state === 'queued');
        if (next?.job == null) await sleep(2);
        else await runCopy(next.id, next.job, installation.copying, new AbortController());
      }
    };
    await watched(group.caller, Promise.all(Array.from({ length: 8 }, worker)));
    expect(new Set((await readCopies(group.caller)).map(({ state }) => state))).toEqual(new Set(['succeeded']));
    await installation.expectSound();
  });

  it('goes on when copies are cancelled, waiting and admitted ones, while others end and come', async () => {
    const group = await newGroup();
    await Promise.all(Array.from({ length: 24 }, () => accept(group)));
    const copies = await readCopies(group.caller);
    const cancelling = copies
      .filter((_, number) => number % 2 === 1)
      .map(({ id }) => cancelCopy(installation.context, group.caller, id));
    const ending = copies.slice(0, 5).filter((_, number) => number % 2 === 0);
    const running = ending.map(async ({ id }) =>
      runCopy(id, await jobOf(id), installation.copying, new AbortController()),
    );
    const more = Array.from({ length: 4 }, () => accept(group));
    await watched(group.caller, Promise.all([...cancelling, ...running, ...more]));
    const states = (await readCopies(group.caller)).map(({ state, job }) => (job === null ? state : 'admitted'));
    expect(states.filter((state) => state === 'cancelled')).toHaveLength(12);
    expect(states.filter((state) => state === 'succeeded')).toHaveLength(3);
    expect(states.filter((state) => state === 'admitted')).toHaveLength(cap);
    expect(states.filter((state) => state === 'queued')).toHaveLength(24 + 4 - 12 - 3 - cap);
    await installation.expectSound();
  });

  it('counts each account and each destination by itself', async () => {
    const [one, two] = await Promise.all([newGroup(), newGroup()]);
    await Promise.all(Array.from({ length: cap + 1 }, () => [accept(one), accept(two), accept(one, 'south')]).flat());
    for (const [{ caller }, admitted] of [
      [one, 2 * cap],
      [two, cap],
    ] as const) {
      expect((await readCopies(caller)).filter(({ job }) => job !== null)).toHaveLength(admitted);
    }
    await installation.expectSound();
  });

  it('is part of the transaction: rolled back, there is neither copy nor job', async () => {
    const { context } = installation;
    const { caller, image } = await newGroup();
    const id = newUuid(context.random);
    const undone = inTransaction(context.db, async (trx) => {
      await insertWaiting(trx, caller, image, id);
      await context.queue.admit(trx, { accountId: caller.accountId, region: 'north' });
      expect(await trx.selectFrom('copies').select('job').where('id', '=', id).executeTakeFirst()).toEqual({
        job: expect.any(String),
      });
      throw new Error('rolled back');
    });
    await expect(undone).rejects.toThrow('rolled back');
    expect(await readCopies(caller)).toEqual([]);
    expect(await readJobs(id)).toEqual([]);
  });
});

/** What a crash between two transactions would leave, if they were two. */
async function insertWaiting(
  trx: Parameters<typeof insertCopies>[0],
  caller: Caller,
  image: Image,
  id: string,
): Promise<void> {
  const { context } = installation;
  const group = { accountId: caller.accountId, region: image.region };
  await context.queue.lock(trx, group);
  const ids = newImageIds(context.random);
  await insertImage(trx, {
    ...image,
    ...ids,
    state: 'queued',
    sourceImageId: image.id,
    disks: image.disks.map((disk) => ({ ...disk, snapshot: newSnapshot(context.random) })),
  });
  const copy = {
    id,
    accountId: caller.accountId,
    request: randomUUID(),
    retryOf: null,
    policy: 'native',
    requestedBy: caller.userId,
    agency: null,
    wishes: {},
    encryption: 'same',
    traceParent: null,
    sourceImageId: image.id,
    sourceRegion: image.region,
    destinationImageId: ids.id,
    destinationRegion: image.region,
    projectId: image.projectId,
    bytesTotal: 4096,
    createdAt: context.clock.now(),
  };
  await recordEvents(trx, await insertCopies(trx, [copy]), copy.createdAt);
}

describe('the sweep', () => {
  it('admits what waits although there is room, in order and up to the cap', async () => {
    const { caller, image } = await newGroup();
    for (let number = 0; number < cap + 2; number++) {
      await inTransaction(installation.context.db, (trx) => insertWaiting(trx, caller, image, randomUUID()));
    }
    await Promise.all([sweep(installation.copying), sweep(installation.copying)]);
    const copies = await readCopies(caller);
    expect(copies.map(({ job }) => job !== null)).toEqual(copies.map((_, number) => number < cap));
    for (const { id, job } of copies.slice(0, cap)) expect(await readJobs(id)).toMatchObject([{ id: job }]);
    await installation.expectSound();
  });

  it('sends another job for a copy whose job is gone, and leaves the others alone', async () => {
    const group = await newGroup();
    const [lost, kept] = [await accept(group), await accept(group)];
    const [lostJob, keptJob] = [await jobOf(lost.id), await jobOf(kept.id)];
    expect(await installation.queue.isAlive(lostJob)).toBe(true);
    await sql`DELETE FROM pgboss.job WHERE id = ${lostJob}`.execute(installation.context.db);
    expect(await installation.queue.isAlive(lostJob)).toBe(false);
    await sweep(installation.copying);
    expect(await jobOf(lost.id)).not.toBe(lostJob);
    expect(await installation.queue.isAlive(await jobOf(lost.id))).toBe(true);
    expect(await jobOf(kept.id)).toBe(keptJob);
    await installation.expectSound();
  });

  it('takes a copy back whose worker and job are both gone', async () => {
    const { db, server } = installation.context;
    const group = await newGroup();
    const copy = await accept(group);
    const job = await jobOf(copy.id);
    await inTransaction(db, (trx) => startCopy(trx, copy.id, job, server, 0));
    await sql`DELETE FROM pgboss.job WHERE id = ${job}`.execute(db);
    await sweep(installation.copying);
    expect(await findCopy(installation.context, group.caller, copy.id)).toMatchObject({ state: 'queued', attempts: 1 });
    expect(await installation.queue.isAlive(await jobOf(copy.id))).toBe(true);
    await installation.expectSound();
  });

  it('does nothing to a copy that ended, or got another job, while it looked', async () => {
    const group = await newGroup();
    const [ended, resent] = [await accept(group), await accept(group)];
    const [endedJob, resentJob] = [await jobOf(ended.id), await jobOf(resent.id)];
    let newJob = '';
    const slow = {
      ...installation.copying,
      queue: {
        ...installation.queue,
        async isAlive(job: string) {
          if (job === endedJob) await cancelCopy(installation.context, group.caller, ended.id);
          if (job === resentJob) {
            await inTransaction(installation.context.db, (trx) => installation.queue.resend(trx, resent.id, 60));
            newJob = await jobOf(resent.id);
          }
          return job !== endedJob && job !== resentJob;
        },
      },
    };
    await sweep(slow);
    expect(await readJobs(ended.id)).toHaveLength(1);
    expect(await jobOf(resent.id)).toBe(newJob);
    await installation.expectSound();
  });
});

describe('delivery', () => {
  it('hands each admitted copy over once, a resent one no earlier than it was told, and again when the handler fails', async () => {
    const other = await createInstallation({ groupCap: cap });
    onTestFinished(() => other.close());
    const caller = await other.newCaller();
    const image = await makeImage(other.context, caller, [new Uint8Array(4096)]);
    const copy = () => copyImage(other.context, caller, { image: image.id, region: 'north' });
    const [delayed, failing, ...others] = [await copy(), await copy(), await copy(), await copy()];
    await inTransaction(other.context.db, (trx) => other.queue.resend(trx, delayed.id, 1));
    const resentAt = performance.now();
    const delivered: { copy: string; job: string; at: number }[] = [];
    await other.queue.work(async (copy, job) => {
      delivered.push({ copy, job, at: performance.now() });
      if (copy === failing.id && delivered.filter((other) => other.copy === copy).length === 1)
        throw new Error('no answer');
    });
    const { job } = await other.context.db
      .selectFrom('copies')
      .select('job')
      .where('id', '=', delayed.id)
      .executeTakeFirstOrThrow();
    const of = (id: string) => delivered.filter(({ copy }) => copy === id);
    await until(() => of(failing.id).length === 2 && of(delayed.id).some((delivery) => delivery.job === job));
    expect(of(delayed.id).find((delivery) => delivery.job === job)?.at).toBeGreaterThan(resentAt + 900);
    expect(new Set(of(failing.id).map((delivery) => delivery.job)).size).toBe(1);
    for (const { id } of others) expect(of(id)).toHaveLength(1);
  });

  it('stops without waiting for work when there is none, and twice is as good as once', async () => {
    const queue = await openQueue(
      installation.database.address,
      { groupCap: 1, concurrency: 1, heartbeatSeconds: 10 },
      silentLogger,
    );
    await queue.work(async () => {});
    const started = performance.now();
    await queue.stop(5000);
    await queue.stop(5000);
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('a resent job waits as long as it is told', async () => {
    const group = await newGroup();
    const copy = await accept(group);
    await inTransaction(installation.context.db, async (trx) => {
      await moveCopy(trx, copy.id, { event: 'handed-back' }, 0);
      await installation.queue.resend(trx, copy.id, 40);
    });
    const job = await jobOf(copy.id);
    expect((await readJobs(copy.id)).find(({ id }) => id === job)?.delay).toBeCloseTo(40, 0);
    expect((await findCopy(installation.context, group.caller, copy.id)).state).toBe('queued');
  });
});

// Each costs both sides the second after which PostgreSQL looks for one.
it('none of this has met a deadlock', async () => {
  // Backends report what they have counted at most once a second.
  await sleep(1100);
  const { db } = installation.context;
  const { rows } = await sql`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`.execute(db);
  expect(rows).toEqual([{ deadlocks: 0 }]);
});
