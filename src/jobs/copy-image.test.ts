import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  type Installation,
  makeImage,
  never,
  until,
} from '../../test/support/installation.ts';
import { cancelCopy } from '../app/cancel-copy.ts';
import { collectStore } from '../app/collect-store.ts';
import type { Caller } from '../app/context.ts';
import { deleteImage } from '../app/delete-image.ts';
import { findCopy } from '../app/find-copy.ts';
import { findImage } from '../app/find-image.ts';
import { readDisk } from '../app/read-disk.ts';
import { inTransaction } from '../db/database.ts';
import { deleteImageRows } from '../db/image-states.ts';
import { type Copy, percentDone } from '../domain/copy.ts';
import type { Image } from '../domain/image.ts';
import { bytesOf } from '../lib/raw-stream.ts';
import type { CopyContext } from './copy-context.ts';
import { runCopy } from './copy-image.ts';
import { handBack, retryDelay, ShuttingDownError } from './copy-outcome.ts';

const MiB = 1024 * 1024;
let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation({ groupCap: 2 });
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

/** Three segments of incompressible data with a hole in the middle one. */
function newDisk(): Buffer {
  const bytes = randomBytes(2.5 * MiB);
  bytes.fill(0, 1.25 * MiB, 1.75 * MiB);
  return bytes;
}

async function newImage(...disks: Uint8Array[]): Promise<Image> {
  caller = await installation.newCaller();
  return await makeImage(installation.context, caller, disks);
}

function accept(image: Image, region = 'south'): Promise<Copy> {
  return copyImage(installation.context, caller, { image: image.id, region });
}

async function jobOf(copy: string): Promise<string> {
  const { db } = installation.context;
  const row = await db.selectFrom('copies').select('job').where('id', '=', copy).executeTakeFirstOrThrow();
  if (row.job === null) throw new Error(`copy ${copy} has no job`);
  return row.job;
}

/** Takes the copy up as a worker does that was given its job; returns how it stands afterwards. */
async function run(
  copy: Copy,
  context: CopyContext = installation.copying,
  abort = new AbortController(),
): Promise<Copy> {
  await runCopy(copy.id, await jobOf(copy.id), context, abort);
  return await findCopy(installation.context, caller, copy.id);
}

async function read(image: string, disk: number): Promise<Buffer> {
  const { size, runs } = await readDisk(installation.context, caller, image, disk, never);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(size, runs)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function keysIn(region: 'north' | 'south'): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of installation.blobs[region].list('')) keys.push(key);
  return keys.sort();
}

/** Everything condemned so far, grace time or not. */
async function collect(): Promise<void> {
  installation.advance(1);
  await collectStore(installation.context, installation.operator, false, never);
}

/** Seconds until the copy's job may be delivered. */
async function delayOf(copy: Copy): Promise<number> {
  const { rows } = await sql<{ delay: number }>`
    SELECT extract(epoch FROM start_after - created_on)::float AS delay FROM pgboss.job WHERE id = ${await jobOf(copy.id)}`.execute(
    installation.context.db,
  );
  return rows[0]?.delay as number;
}

/** Holds up one pack on its way to the south, the given one counted from now. */
function holdUp(number: number): { reached: Promise<void>; release(): void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const store = installation.blobs.south;
  const { put } = store;
  let packs = 0;
  store.put = async (key, bytes, options) => {
    if (bytes instanceof Uint8Array && ++packs === number) {
      reached.resolve();
      await gate.promise;
    }
    await put(key, bytes, options);
  };
  return {
    reached: reached.promise,
    release() {
      store.put = put;
      gate.resolve();
    },
  };
}

describe('a copy to another region', () => {
  it('brings every disk over, byte for byte, and says what it did', async () => {
    const disks = [newDisk(), randomBytes(300_000)];
    const image = await newImage(...disks);
    const accepted = await accept(image);
    expect(accepted).toMatchObject({ state: 'queued', queuePosition: 1, attempts: 0, startedAt: null });
    const copy = await run(accepted);
    const size = disks.reduce((sum, { length }) => sum + length, 0);
    expect(copy).toMatchObject({ state: 'succeeded', queuePosition: null, attempts: 1, failure: null });
    expect(copy.progress).toMatchObject({ bytesTotal: size, bytesDone: size, bytesPerSecond: 0 });
    // All but the hole, and the frames' headers.
    expect(copy.progress.bytesMoved).toBeGreaterThan(size - 0.6 * MiB);
    expect(copy.progress.bytesMoved).toBeLessThan(size);
    expect(percentDone(copy)).toBe(100);

    const copied = await findImage(installation.context, caller, copy.destinationImageId);
    expect(copied).toMatchObject({ state: 'available', region: 'south', sourceImageId: image.id });
    expect(copied.disks.map(({ digest, dataBytes }) => ({ digest, dataBytes }))).toEqual(
      image.disks.map(({ digest, dataBytes }) => ({ digest, dataBytes })),
    );
    for (const [index, disk] of disks.entries()) {
      expect((await read(copied.id, index)).equals(disk)).toBe(true);
    }
  });

  it('is nowhere half done for anybody who looks (W3, P1)', async () => {
    const copy = await accept(await newImage(newDisk(), newDisk()));
    let done = false;
    const seen = new Set<string>();
    const watching = (async () => {
      while (!done) {
        const { rows } = await sql<{ moment: string }>`
          SELECT concat_ws(' ', c.state, i.state, (
              SELECT string_agg(coalesce(m.state, 'none'), '+' ORDER BY d.index)
              FROM disks d LEFT JOIN manifests m ON m.id = d.manifest WHERE d.image = i.id),
            CASE WHEN c.bytes_done = c.bytes_total THEN 'everything done' END) AS moment
          FROM copies c JOIN images i ON i.id = c.destination_image WHERE c.id = ${copy.id}`.execute(
          installation.context.db,
        );
        seen.add(rows[0]?.moment as string);
      }
    })();
    await run(copy).finally(() => {
      done = true;
    });
    await watching;
    const allowed = [
      'queued queued none+none',
      'running queued none+none',
      'running copying pending+pending',
      // The bytes are all there, and percentDone still says 99.
      'running copying pending+pending everything done',
      'succeeded available live+live everything done',
    ];
    for (const moment of seen) expect(allowed).toContain(moment);
    expect(seen).toContain('running copying pending+pending');
  });

  it('leaves nothing of W3 when its transaction fails at the very end', async () => {
    const copy = await accept(await newImage(newDisk()));
    const admit = async () => {
      throw new Error('the last statement fails');
    };
    await run(copy, { ...installation.copying, queue: { ...installation.queue, admit } }).catch(() => {});
    expect(await findCopy(installation.context, caller, copy.id)).toMatchObject({ state: 'running' });
    expect(await findImage(installation.context, caller, copy.destinationImageId)).toMatchObject({
      state: 'copying',
      disks: [{ digest: null }],
    });
    // As after a crash: the same job, delivered again.
    expect(await run(copy)).toMatchObject({ state: 'succeeded', attempts: 2 });
  });

  it('moves nothing that the destination has', async () => {
    const disk = newDisk();
    const image = await newImage(disk);
    await run(await accept(image));
    expect((await run(await accept(image))).progress.bytesMoved).toBe(0);

    disk.set(randomBytes(1000), 2 * MiB);
    const derived = await makeImage(installation.context, caller, [disk]);
    const { bytesMoved } = (await run(await accept(derived))).progress;
    expect(bytesMoved).toBeGreaterThan(1000);
    expect(bytesMoved).toBeLessThan(300_000);
  });
});

describe('a copy inside a region', () => {
  it('shares the manifests, moves no byte and touches no blob', async () => {
    const disk = newDisk();
    const image = await newImage(disk);
    const before = await keysIn('north');
    installation.fail('north', { put: () => ({ throws: 'denied' }), get: () => ({ throws: 'denied' }) });
    const copy = await run(await accept(image, 'north'));
    installation.fail('north');
    expect(copy).toMatchObject({ state: 'succeeded', progress: { bytesMoved: 0, bytesDone: disk.length } });
    expect(await keysIn('north')).toEqual(before);

    await deleteImage(installation.context, caller, image.id);
    await collect();
    expect((await read(copy.destinationImageId, 0)).equals(disk)).toBe(true);
    await deleteImage(installation.context, caller, copy.destinationImageId);
  });
});

describe('a copy that cannot succeed', () => {
  /** The copy has failed, so has its image, and after a collection nothing of it lies in the south. */
  async function expectFailed(copy: Copy, failure: object, before: readonly string[]): Promise<void> {
    expect(copy).toMatchObject({ state: 'failed', failure, queuePosition: null });
    expect(copy.finishedAt).not.toBeNull();
    expect(percentDone(copy)).toBeLessThan(100);
    const image = await findImage(installation.context, caller, copy.destinationImageId);
    expect(image).toMatchObject({ state: 'failed', disks: [{ digest: null }] });
    await collect();
    expect(await keysIn('south')).toEqual(before);
    await deleteImage(installation.context, caller, image.id);
  }

  it('because its source is gone', async () => {
    const before = await keysIn('south');
    const image = await newImage(newDisk());
    const copy = await accept(image);
    await inTransaction(installation.context.db, (trx) => deleteImageRows(trx, image.id, 0));
    const failure = { code: 'source-gone', message: expect.stringContaining(image.id) };
    await expectFailed(await run(copy), failure, before);
  });

  it('because the destination is full', async () => {
    const before = await keysIn('south');
    const image = await newImage(newDisk());
    installation.fail('south', { put: (call) => (call > 3 ? { throws: 'full' } : undefined) });
    const copy = await run(await accept(image));
    installation.fail('south');
    await expectFailed(copy, { code: 'destination-full', message: expect.stringContaining('no space') }, before);
    expect(await findImage(installation.context, caller, image.id)).toMatchObject({ state: 'available' });
  });

  it('because the image is damaged, and says where (R1)', async () => {
    const before = await keysIn('south');
    const image = await newImage(newDisk());
    installation.fail('north', { get: (_call, key) => (key.startsWith('packs/') ? { flipsBit: 4000 } : undefined) });
    const copy = await run(await accept(image));
    installation.fail('north');
    const message = expect.stringMatching(new RegExp(`^image ${image.id}, disk 0, offset \\d+: a chunk is damaged`));
    await expectFailed(copy, { code: 'image-damaged', message }, before);
  });

  it('because its region is configured no longer', async () => {
    const before = await keysIn('south');
    const copy = await accept(await newImage(newDisk()));
    const context = { ...installation.copying, stores: new Map(), regionNumbers: new Map() };
    const message = 'region south is no longer configured';
    await expectFailed(await run(copy, context), { code: 'internal', message }, before);
  });

  it('admits the next of its group', async () => {
    const image = await newImage(newDisk());
    const copies = [await accept(image), await accept(image), await accept(image)] as const;
    installation.fail('south', { put: () => ({ throws: 'full' }) });
    await run(copies[0]);
    installation.fail('south');
    await expect(jobOf(copies[2].id)).resolves.toEqual(expect.any(String));
  });
});

describe('a failure that may go away', () => {
  it('waits longer before each attempt, and then succeeds', async () => {
    const disk = newDisk();
    const image = await newImage(disk);
    const copy = await accept(image);
    installation.fail('south', { put: (call) => (call > 4 ? { throws: 'denied' } : undefined) });
    expect(await run(copy)).toMatchObject({
      state: 'queued',
      attempts: 1,
      queuePosition: 1,
      finishedAt: null,
      failure: null,
    });
    expect(await delayOf(copy)).toBeCloseTo(1, 1);
    expect(await findImage(installation.context, caller, copy.destinationImageId)).toMatchObject({ state: 'queued' });
    await installation.expectSound();
    expect(await run(copy)).toMatchObject({ state: 'queued', attempts: 2 });
    expect(await delayOf(copy)).toBeCloseTo(2, 1);
    installation.fail('south');
    const succeeded = await run(copy);
    expect(succeeded).toMatchObject({ state: 'succeeded', attempts: 3, failure: null });
    expect((await read(copy.destinationImageId, 0)).equals(disk)).toBe(true);
    // Each of the first two fetched what was in flight when it failed: two lanes with a pack each.
    expect(succeeded.progress.bytesMoved).toBeLessThan(disk.length + 2 * 2 * 2 * 256 * 1024);
  });

  it('is final after the last attempt, with its own code', async () => {
    const copy = await accept(await newImage(newDisk()));
    installation.fail('south', { put: () => ({ throws: 'denied' }) });
    const states: unknown[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) states.push((await run(copy)).state);
    installation.fail('south');
    expect(states).toEqual(['queued', 'queued', 'failed']);
    expect((await findCopy(installation.context, caller, copy.id)).failure).toEqual({
      code: 'attempts-exhausted',
      message: 'given up after 3 attempts: the store denies access to the server',
    });
  });

  it('may be the loss of the database connections', async () => {
    const disk = newDisk();
    const copy = await accept(await newImage(disk));
    const held = holdUp(3);
    const running = run(copy);
    await held.reached;
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'mimeo' AND pid <> pg_backend_pid()`.execute(
      installation.context.db,
    );
    held.release();
    const after = await running;
    // Depending on which connection the next statement took, it noticed or did not have to.
    if (after.state !== 'succeeded') {
      expect(after).toMatchObject({ state: 'queued', failure: null });
      expect(await run(copy)).toMatchObject({ state: 'succeeded' });
    }
    expect((await read(copy.destinationImageId, 0)).equals(disk)).toBe(true);
  });

  it('is waited for 1, 2, 4 … seconds, at most five minutes', () => {
    expect([1, 2, 3, 8, 9, 10, 1000].map(retryDelay)).toEqual([1, 2, 4, 128, 256, 300, 300]);
  });
});

describe('a cancelled copy', () => {
  it('leaves nothing when it was waiting, and the next moves up', async () => {
    const image = await newImage(newDisk());
    await collect();
    const before = await keysIn('south');
    const copies = [await accept(image), await accept(image), await accept(image)] as const;
    const job = await jobOf(copies[0].id);
    await cancelCopy(installation.context, caller, copies[0].id);
    await expect(jobOf(copies[2].id)).resolves.toEqual(expect.any(String));
    // The job is delivered all the same.
    await runCopy(copies[0].id, job, installation.copying, new AbortController());
    expect(await findCopy(installation.context, caller, copies[0].id)).toMatchObject({
      state: 'cancelled',
      attempts: 0,
    });
    await expect(findImage(installation.context, caller, copies[0].destinationImageId)).rejects.toThrow(
      'image.not-found',
    );
    await collect();
    expect(await keysIn('south')).toEqual(before);
  });

  it('cannot be written for any more, even if its worker has not heard of it', async () => {
    const disk = newDisk();
    const image = await newImage(disk);
    await collect();
    const before = await keysIn('south');
    const copy = await accept(image);
    const held = holdUp(3);
    const running = run(copy);
    await held.reached;
    await cancelCopy(installation.context, caller, copy.id);
    await installation.expectSound();
    held.release();
    expect(await running).toMatchObject({ state: 'cancelled', attempts: 1, failure: null });
    await expect(findImage(installation.context, caller, copy.destinationImageId)).rejects.toThrow('image.not-found');
    await collect();
    expect(await keysIn('south')).toEqual(before);
    expect((await read(image.id, 0)).equals(disk)).toBe(true);
  });

  it('leaves no manifest behind when it is cancelled while the worker makes them', async () => {
    const image = await newImage(newDisk(), newDisk());
    for (let round = 0; round < 20; round++) {
      const copy = await accept(image);
      const running = run(copy);
      await until(async () => (await findCopy(installation.context, caller, copy.id)).state === 'running');
      await cancelCopy(installation.context, caller, copy.id);
      await running;
      await installation.expectSound();
    }
  });
});

describe('a worker that was taken for dead', () => {
  it('writes nothing once another has the copy, and does no harm to what that one did', async () => {
    const disk = newDisk();
    const copy = await accept(await newImage(disk));
    const held = holdUp(3);
    const stale = run(copy);
    await held.reached;
    await inTransaction(installation.context.db, (trx) => handBack(trx, copy, undefined, 0, installation.copying));
    const finished = await run(copy, { ...installation.copying, server: randomUUID() });
    expect(finished).toMatchObject({ state: 'succeeded', attempts: 2 });
    held.release();
    expect(await stale).toEqual(finished);
    await installation.expectSound();
    await collect();
    expect((await read(copy.destinationImageId, 0)).equals(disk)).toBe(true);
  });

  it('does not even begin when that happened before its first word', async () => {
    const { db } = installation.context;
    const copy = await accept(await newImage(newDisk()));
    let stale: Promise<Copy> | undefined;
    await db.transaction().execute(async (trx) => {
      // The worker has taken the copy up and waits for its images, while this transaction takes it away.
      await sql`LOCK TABLE images IN ACCESS EXCLUSIVE MODE`.execute(trx);
      stale = run(copy);
      await until(async () => (await findCopy(installation.context, caller, copy.id)).state === 'running');
      await handBack(trx, copy, undefined, 0, installation.copying);
    });
    expect(await stale).toMatchObject({ state: 'queued', attempts: 1 });
    expect(await findImage(installation.context, caller, copy.destinationImageId)).toMatchObject({ state: 'queued' });
    const manifests = await db.selectFrom('manifests').select('id').where('state', '=', 'pending').execute();
    expect(manifests).toEqual([]);
    expect(await run(copy)).toMatchObject({ state: 'succeeded', attempts: 2 });
  });

  it("does nothing with a job that is not the copy's any more", async () => {
    const copy = await accept(await newImage(newDisk()));
    const old = await jobOf(copy.id);
    await inTransaction(installation.context.db, (trx) => installation.queue.resend(trx, copy.id, 0));
    await runCopy(copy.id, old, installation.copying, new AbortController());
    expect(await findCopy(installation.context, caller, copy.id)).toMatchObject({ state: 'queued', attempts: 0 });
    expect(await run(copy)).toMatchObject({ state: 'succeeded', attempts: 1 });
  });
});

describe('a shutdown', () => {
  it('hands the copy back, and another server goes on from what is durable', async () => {
    const disk = newDisk();
    const copy = await accept(await newImage(disk));
    const held = holdUp(5);
    const abort = new AbortController();
    const running = run(copy, installation.copying, abort);
    await held.reached;
    abort.abort(new ShuttingDownError());
    held.release();
    expect(await running).toMatchObject({ state: 'queued', attempts: 1, queuePosition: 1 });
    expect(await delayOf(copy)).toBeCloseTo(0, 1);
    const packs = (await keysIn('south')).filter((key) => key.startsWith('packs/')).length;
    expect(packs).toBeGreaterThan(3);
    await installation.expectSound();

    const finished = await run(copy, { ...installation.copying, server: randomUUID() });
    expect(finished).toMatchObject({ state: 'succeeded', attempts: 2 });
    expect(finished.progress.bytesMoved).toBeLessThan(disk.length + 2 * 2 * 256 * 1024);
    expect((await read(copy.destinationImageId, 0)).equals(disk)).toBe(true);
  });
});
