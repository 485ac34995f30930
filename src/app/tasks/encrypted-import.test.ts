/** Imports whose bytes are encrypted as they come in, and exports of what they have made. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  createInstallation,
  type Installation,
  never,
  readBytes,
  smallSettings,
  until,
} from '../../../test/support/installation.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import { findUpload } from '../../db/uploads.ts';
import type { Key } from '../../domain/key.ts';
import type { Task } from '../../domain/task.ts';
import { runTasks } from '../../jobs/run-tasks.ts';
import { createTaskContext } from '../../main/tasks.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { collectStore } from '../collect-store.ts';
import type { AppContext, Caller } from '../context.ts';
import { createImage } from '../create-image.ts';
import { findImage } from '../find-image.ts';
import { disableKey } from '../keys/change-key.ts';
import { createKey } from '../keys/create-key.ts';
import { createOpenedKeys } from '../keys/opened-keys.ts';
import { listEvents } from '../list-events.ts';
import { exportImage } from './export-image.ts';
import { fillImage } from './fill-image.ts';
import { findTask } from './find-task.ts';
import { importImage } from './import-image.ts';

const { segment } = smallSettings.cut;
/** Uncompressible, so that a plain store has it as it is. */
const marker = randomBytes(64);
const bytes = Buffer.concat([randomBytes(2 * segment + 1000), marker, randomBytes(5 * segment)]);

let installation: Installation;
let server: ObjectServer;
let objects: ObjectStore;
let context: AppContext;
let caller: Caller;
let key: Key;
let bucket: Map<string, Buffer>;
const workers: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startObjectServer();
  objects = openObjectServer(server);
  installation = await createInstallation({ objects });
  context = installation.context;
  bucket = server.buckets.get('images') as Map<string, Buffer>;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  server.intervene = () => undefined;
  bucket.clear();
  bucket.set('disk.raw', bytes);
  const wanted = { region: 'north', origin: 'mimeo', description: '', grants: ['images'] } as const;
  key = (await createKey(context, caller, wanted, { signal: never })).result;
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await installation.expectSound();
});
afterAll(async () => {
  objects.close();
  await Promise.all([server.close(), installation.close()]);
});

/** As a server does; each one is another, and has opened no keys. */
function startWorker(): void {
  const stopping = new AbortController();
  const own = { ...context, server: randomUUID(), openedKeys: createOpenedKeys() };
  const settings = { concurrency: 1, maxAttempts: 2, pollMs: 10 };
  const done = runTasks(createTaskContext(own, objects, settings), stopping.signal);
  workers.push({
    async stop() {
      stopping.abort();
      await done;
    },
  });
}

const image = {
  region: 'north',
  name: 'imported',
  description: '',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  tags: {},
} as const;
const disk = { bucket: 'images', object: 'disk.raw', role: 'system', format: null, size: null } as const;

async function startImport(encryption = key.id): Promise<Task> {
  return (await importImage(context, caller, { ...image, encryption, disks: [disk] })).result;
}

async function ended(task: Task): Promise<Task> {
  await until(async () => (await findTask(context, caller, task.id)).finishedAt !== null);
  return await findTask(context, caller, task.id);
}

async function isStored(wanted: Buffer): Promise<boolean> {
  const store = installation.blobs.north;
  for await (const { key: name } of store.list('')) {
    if (Buffer.from(await store.get(name)).includes(wanted)) return true;
  }
  return false;
}

async function dataKeys(): Promise<string[]> {
  const rows = await context.db.selectFrom('data_keys').select('id').where('key', '=', key.id).execute();
  return rows.map(({ id }) => id);
}

/** Waits until some segments of the import are stored; the last ones do not come. */
async function startStuck(): Promise<Task> {
  server.intervene = (line) => (line.startsWith('GET') ? { slowAfter: 6 * segment, slow: 512 } : undefined);
  const task = await startImport();
  startWorker();
  await until(async () => ((await findUpload(context.db, task.imageId))?.offset ?? 0) >= 3 * segment);
  server.intervene = () => undefined;
  return task;
}

it('an import encrypts what it brings, and an export opens it', async () => {
  const task = await startImport();
  expect(await findImage(context, caller, task.imageId)).toMatchObject({ disks: [{ key: key.id }] });
  startWorker();
  expect(await ended(task)).toMatchObject({ state: 'succeeded', failure: null });
  expect(await findImage(context, caller, task.imageId)).toMatchObject({
    state: 'available',
    disks: [{ key: key.id, digest: null, format: 'raw' }],
  });
  expect(await isStored(marker)).toBe(false);
  expect((await readBytes(context, caller, task.imageId)).equals(bytes)).toBe(true);
  const command = { image: task.imageId, bucket: 'images', prefix: 'out', format: null };
  const { result: written } = await exportImage(context, caller, command);
  expect(await ended(written)).toMatchObject({ state: 'succeeded' });
  expect(bucket.get(written.objects[0]?.object ?? '')?.equals(bytes)).toBe(true);
});

it('an export of one disk alone uses no key but that of this one', async () => {
  const disks = [disk, { ...disk, role: 'data' } as const];
  const { result: task } = await importImage(context, caller, { ...image, encryption: key.id, disks });
  startWorker();
  expect(await ended(task)).toMatchObject({ state: 'succeeded' });
  const command = { image: task.imageId, bucket: 'images', prefix: 'system', format: null, only: 'system' } as const;
  expect(await ended((await exportImage(context, caller, command)).result)).toMatchObject({ state: 'succeeded' });
  const { events } = await listEvents(context, caller, { type: 'key.used', limit: 100 });
  expect(events.map(({ details }) => details['purpose'])).toEqual(['decrypt', 'encrypt', 'encrypt']);
});

it('an import whose server died goes on with the data key that it had', async () => {
  const task = await startStuck();
  const [dataKey, ...others] = await dataKeys();
  expect(others).toEqual([]);
  await context.db.updateTable('tasks').set({ due_at: 0 }).where('id', '=', task.id).execute();
  startWorker();
  expect(await ended(task)).toMatchObject({ state: 'succeeded', attempts: 2 });
  expect(await dataKeys()).toEqual([dataKey]);
  const starts = server.requests.flatMap((line) => /^GET .* bytes=(\d+)-$/.exec(line)?.[1] ?? []);
  expect(Number(starts.at(-1))).toBeGreaterThanOrEqual(3 * segment);
  expect(await isStored(marker)).toBe(false);
  expect((await readBytes(context, caller, task.imageId)).equals(bytes)).toBe(true);
});

it('an import fails with its image when its key cannot be used any more, and leaves no data key', async () => {
  const running = await startStuck();
  const waiting = await startImport();
  await disableKey(context, caller, key.id);
  await context.db.updateTable('tasks').set({ due_at: 0 }).where('id', '=', running.id).execute();
  startWorker();
  for (const task of [waiting, running]) {
    const { state, failure } = await ended(task);
    expect({ state, code: failure?.code }).toEqual({ state: 'failed', code: 'key-disabled' });
    expect(failure?.message).toContain(key.id);
    expect(await findImage(context, caller, task.imageId)).toMatchObject({ state: 'failed' });
  }
  installation.advance(1);
  await collectStore(context, installation.operator, false, never);
  expect(await dataKeys()).toEqual([]);
});

it('an export whose key is disabled meanwhile fails, and leaves no object', async () => {
  const made = await startImport();
  startWorker();
  await ended(made);
  const command = { image: made.imageId, bucket: 'images', prefix: 'late', format: null };
  let isBegun = false;
  let go = () => {};
  const disabled = new Promise<void>((resolve) => (go = resolve));
  server.intervene = (line) => {
    if (!line.startsWith('PUT')) return undefined;
    isBegun = true;
    return { wait: disabled };
  };
  const { result: task } = await exportImage(context, caller, command);
  await until(async () => isBegun);
  await disableKey(context, caller, key.id);
  go();
  expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'key-disabled' } });
  expect([...bucket.keys()]).toEqual(['disk.raw']);
});

it('is refused before anything is made, where the key is no good', async () => {
  const missing = randomUUID();
  await expect(startImport(missing)).rejects.toMatchObject({ code: 'key.not-found', facts: { key: missing } });
  await disableKey(context, caller, key.id);
  await expect(startImport()).rejects.toMatchObject({ code: 'key.disabled', facts: { key: key.id } });
  const made = await context.db.selectFrom('images').select('id').where('account', '=', caller.accountId).execute();
  expect(made).toEqual([]);
});

it('an image that was made without a disk is filled, and encrypted with the key that it was made with', async () => {
  const { result: made } = await createImage(context, caller, { ...image, encryption: 'default', disks: [] });
  const { size: _, ...object } = disk;
  const task = await fillImage(context, caller, { ...object, image: made.id });
  startWorker();
  expect(await ended(task)).toMatchObject({ state: 'succeeded' });
  const filled = await findImage(context, caller, made.id);
  expect(filled.disks[0]?.key).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
  expect(filled.disks[0]?.key).not.toBe(key.id);
  expect(await isStored(marker)).toBe(false);
  expect((await readBytes(context, caller, made.id)).equals(bytes)).toBe(true);
});
