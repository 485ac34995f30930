import { randomBytes, randomUUID } from 'node:crypto';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
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
import { findCopy } from '../app/find-copy.ts';
import { startCopy } from '../db/copies.ts';
import { inTransaction } from '../db/database.ts';
import type { Copy } from '../domain/copy.ts';
import type { Image } from '../domain/image.ts';
import { silentLogger } from '../telemetry/logger.ts';
import type { CopyContext } from './copy-context.ts';
import { openQueue } from './queue.ts';
import { startWorker, type Worker } from './worker.ts';

let installation: Installation;
let caller: Caller;
let image: Image;
beforeEach(async () => {
  installation = await createInstallation({ groupCap: 2, concurrency: 1 });
  onTestFinished(() => installation.close());
  caller = await installation.newCaller();
  image = await makeImage(installation.context, caller, [randomBytes(1_500_000)]);
});

async function start(context: CopyContext = installation.copying): Promise<Worker> {
  const worker = await startWorker(context, installation.database.address);
  onTestFinished(() => worker.stop());
  return worker;
}

/** What another process with the same database and stores would start with. */
async function otherServer(): Promise<CopyContext> {
  const settings = { groupCap: 2, concurrency: 1, heartbeatSeconds: 10 };
  const queue = await openQueue(installation.database.address, settings, silentLogger);
  onTestFinished(() => queue.stop(5000));
  return { ...installation.copying, queue, server: randomUUID() };
}

function accept(region: string): Promise<Copy> {
  return copyImage(installation.context, caller, { image: image.id, region });
}

function find({ id }: Copy): Promise<Copy> {
  return findCopy(installation.context, caller, id);
}

async function untilState(copy: Copy, state: string): Promise<void> {
  await until(async () => (await find(copy)).state === state);
}

/** The pack on its way to the south hangs for longer than any test, as long as nobody calls it off. */
function hang(): void {
  installation.fail('south', { put: (_call, key) => (key.startsWith('packs/') ? { delay: 60_000 } : undefined) });
}

it('takes copies as they are accepted, and those that wait as room comes', async () => {
  const early = await accept('south');
  await start();
  const accepted = performance.now();
  const later = await Promise.all([accept('south'), accept('north'), accept('south'), accept('south')]);
  for (const copy of [early, ...later]) await untilState(copy, 'succeeded');
  // The queue looks for jobs that it has not heard of every five seconds; none of these had to wait for that.
  expect(performance.now() - accepted).toBeLessThan(4500);
  await installation.expectSound();
});

it('lets go of a cancelled copy at once, and takes the next', async () => {
  hang();
  await start();
  const [hanging, next] = [await accept('south'), await accept('north')];
  await untilState(hanging, 'running');
  // Long enough for it to be in the middle of the pack.
  await until(
    async () =>
      (await installation.context.db.selectFrom('packs').select('number').where('state', '=', 'reserved').execute())
        .length > 0,
  );
  expect((await find(next)).state).toBe('queued');
  const cancelled = performance.now();
  await cancelCopy(installation.context, caller, hanging.id);
  await untilState(next, 'succeeded');
  expect(performance.now() - cancelled).toBeLessThan(4000);
  await installation.expectSound();
  installation.advance(1);
  await collectStore(installation.context, installation.operator, false, never);
  for await (const { key } of installation.blobs.south.list('')) expect.unreachable(`${key} was left`);
});

it('hands what runs back when it stops, takes nothing more, and another server finishes it', async () => {
  hang();
  const worker = await start();
  const [hanging, waiting] = [await accept('south'), await accept('south')];
  await untilState(hanging, 'running');
  const stopping = performance.now();
  await worker.stop();
  expect(performance.now() - stopping).toBeLessThan(2000);
  expect(await find(hanging)).toMatchObject({ state: 'queued', attempts: 1 });
  await installation.expectSound();

  installation.fail('south');
  await start(await otherServer());
  for (const copy of [hanging, waiting]) await untilState(copy, 'succeeded');
  expect(await find(hanging)).toMatchObject({ attempts: 2 });
  expect(await find(waiting)).toMatchObject({ attempts: 1 });
  await installation.expectSound();
});

it('gives back at its start what this server held when it was killed', async () => {
  const { context } = installation;
  const copies = [await accept('south'), await accept('north')];
  const rows = await context.db.selectFrom('copies').select(['id', 'job']).execute();
  for (const { id, job } of rows) {
    await inTransaction(context.db, (trx) => startCopy(trx, id, job as string, context.server, context.clock.now()));
  }
  await start();
  for (const copy of copies) await untilState(copy, 'succeeded');
  for (const copy of copies) expect(await find(copy)).toMatchObject({ attempts: 2 });
  await installation.expectSound();
});
