import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Selectable, Updateable } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
  readBytes,
  smallSettings,
  until,
} from '../../../test/support/installation.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import type { TasksTable } from '../../db/schema.ts';
import { isRefusal, type RefusalCode } from '../../domain/refusal.ts';
import type { Task } from '../../domain/task.ts';
import { runTasks } from '../../jobs/run-tasks.ts';
import type { TaskContext } from '../../jobs/task-context.ts';
import { createTaskContext } from '../../main/tasks.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { AppContext, Caller } from '../context.ts';
import { deleteImage } from '../delete-image.ts';
import { findImage } from '../find-image.ts';
import { disableKey } from '../keys/change-key.ts';
import { createKey } from '../keys/create-key.ts';
import { listEvents } from '../list-events.ts';
import { readQuotas, setQuotas } from '../quotas.ts';
import { updateImage } from '../update-image.ts';
import { uploadDisk } from '../upload-disk.ts';
import { cancelTask } from './cancel-task.ts';
import { type ExportImageCommand, exportImage } from './export-image.ts';
import type { ImportedDisk } from './find-objects.ts';
import { findTask } from './find-task.ts';
import { importImage } from './import-image.ts';
import { listTasks } from './list-tasks.ts';

const MiB = 1024 * 1024;
/** Two that are full, and one of 24 MiB with little in it. */
const full = randomBytes(8 * MiB + 123);
const data = randomBytes(2 * MiB);
const sparse = Buffer.alloc(24 * MiB);
randomBytes(100_000).copy(sparse, 9 * MiB + 7);

let installation: Installation;
let server: ObjectServer;
let objects: ObjectStore;
let context: AppContext;
let caller: Caller;
let bucket: Map<string, Buffer>;
const workers: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startObjectServer();
  objects = openObjectServer(server);
  installation = await createInstallation({ objects });
  context = installation.context;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  server.intervene = () => undefined;
  server.requests.length = 0;
  bucket = server.buckets.get('images') as Map<string, Buffer>;
  bucket.clear();
  bucket.set('full.raw', full).set('data.raw', data).set('sparse.raw', sparse);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await installation.expectSound();
});
afterAll(async () => {
  objects.close();
  await Promise.all([server.close(), installation.close()]);
});

/** As a server does; each one is another. */
function startWorker(changes: Partial<TaskContext> = {}): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 2, pollMs: 10 };
  const own = { ...createTaskContext({ ...context, server: randomUUID() }, objects, settings), ...changes };
  const done = runTasks(own, stopping.signal);
  const worker = {
    async stop() {
      stopping.abort();
      await done;
    },
  };
  workers.push(worker);
  return worker;
}

function disk(object: string, changes: Partial<ImportedDisk> = {}): ImportedDisk {
  return { bucket: 'images', object, role: 'system', format: null, size: null, ...changes };
}

async function startImport(disks: readonly ImportedDisk[], token?: string): Promise<Task> {
  const command = {
    region: 'north',
    name: 'imported',
    description: '',
    kind: 'system-disk',
    rootDevice: 'cloud-disk',
    properties: { login: 'root' },
    tags: {},
    disks,
  } as const;
  return (await importImage(context, caller, command, { token })).result;
}

type ExportChanges = Partial<Pick<ExportImageCommand, 'bucket' | 'format'>> & { readonly prefix?: string };

async function startExport(image: string, changes: ExportChanges = {}): Promise<Task> {
  const command = { image, bucket: 'images', prefix: 'out', format: null, ...changes };
  return (await exportImage(context, caller, command)).result;
}

async function ended(task: Task): Promise<Task> {
  await until(async () => (await findTask(context, caller, task.id)).finishedAt !== null);
  return await findTask(context, caller, task.id);
}

async function running(task: Task): Promise<void> {
  await until(async () => (await findTask(context, caller, task.id)).state === 'running');
}

async function refusal(work: Promise<unknown>, code: RefusalCode): Promise<unknown> {
  const error = await work.then(
    () => expect.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (!isRefusal(error, code)) throw error;
  return error.facts;
}

async function bytesUsed(): Promise<number | undefined> {
  return (await readQuotas(context, caller, { region: 'north' }))[0]?.quotas.bytes.used;
}

/** Requests for the object's bytes, by where they begin. */
function reads(object: string): number[] {
  const line = new RegExp(`^GET /images/${object}\\?.* bytes=(\\d+)-$`);
  return server.requests.flatMap((request) => line.exec(request)?.slice(1, 2).map(Number) ?? []);
}

/** What exports have made. */
function exported(): string[] {
  return [...bucket.keys()].filter((key) => !['full.raw', 'data.raw', 'sparse.raw'].includes(key));
}

/** More than a second for the object that is full, so that there is a middle. */
const slowly = { slow: 32 * 1024 };

/** All but its last segment at once, and that in ten seconds: most of it is stored, and it does not come to its end. */
const stuck = { slowAfter: 7 * smallSettings.cut.segment, slow: 512 };

describe('an import', () => {
  it('brings the bytes of all disks, however much of them is holes', async () => {
    const task = await startImport([disk('full.raw'), disk('sparse.raw', { role: 'data', format: 'raw' })]);
    expect(task).toMatchObject({
      aliyunId: expect.stringMatching(/^tsk-[a-z0-9]{20}$/),
      kind: 'import',
      state: 'queued',
      region: 'north',
      progress: { bytesTotal: full.length + sparse.length, bytesDone: 0 },
    });
    expect(await findImage(context, caller, task.imageId)).toMatchObject({ state: 'queued', name: 'imported' });
    expect(await bytesUsed()).toBe(full.length + sparse.length);
    await installation.expectSound();
    startWorker();
    const { state, progress, failure } = await ended(task);
    expect({ state, failure }).toEqual({ state: 'succeeded', failure: null });
    expect(progress.bytesDone).toBe(progress.bytesTotal);
    const image = await findImage(context, caller, task.imageAliyunId);
    expect(image).toMatchObject({ state: 'available', disks: [{ format: 'raw' }, { format: 'raw' }] });
    expect(image.properties).toEqual({ login: 'root' });
    expect((await readBytes(context, caller, image.id, 0)).equals(full)).toBe(true);
    expect((await readBytes(context, caller, image.id, 1)).equals(sparse)).toBe(true);
    expect(await bytesUsed()).toBeLessThan(full.length + 200_000);
    const { events } = await listEvents(context, caller, { limit: 20, resource: task.id });
    expect(events.map(({ type }) => type)).toEqual(['task.succeeded', 'task.running', 'task.queued']);
  });

  it('goes on from what is stored when another server takes it over', async () => {
    const task = await startImport([disk('data.raw'), disk('full.raw', { role: 'data' })]);
    server.intervene = (line) => (line.startsWith('GET /images/full.raw') ? stuck : undefined);
    startWorker();
    await until(async () => (await segmentsOf(task)) >= 4);
    server.intervene = () => undefined;
    const worker = startWorker();
    // The first server is taken for dead, though it is not: it must not write a byte more.
    await until(async () => {
      await context.db
        .updateTable('tasks')
        .set({ due_at: 0 })
        .where('id', '=', task.id)
        .where('attempts', '=', 1)
        .execute();
      return (await findTask(context, caller, task.id)).attempts === 2;
    });
    expect(await ended(task)).toMatchObject({ state: 'succeeded', attempts: 2 });
    await worker.stop();
    const [first, second] = reads('full.raw');
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(4 * smallSettings.cut.segment);
    expect((second as number) % smallSettings.cut.segment).toBe(0);
    expect(reads('data.raw')).toEqual([0]);
    expect((await readBytes(context, caller, task.imageId, 1)).equals(full)).toBe(true);
  });

  it('is handed back when its server stops, and goes on', async () => {
    const task = await startImport([disk('full.raw')]);
    server.intervene = (line) => (line.startsWith('GET') ? stuck : undefined);
    const worker = startWorker();
    await until(async () => (await segmentsOf(task)) >= 4);
    await worker.stop();
    expect(await findTask(context, caller, task.id)).toMatchObject({ state: 'queued', attempts: 0 });
    await installation.expectSound();
    server.intervene = () => undefined;
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'succeeded', attempts: 1 });
    expect(reads('full.raw').at(-1)).toBeGreaterThanOrEqual(4 * smallSettings.cut.segment);
    expect((await readBytes(context, caller, task.imageId)).equals(full)).toBe(true);
  });

  it('is cancelled in the middle: nothing is left of the image', async () => {
    const task = await startImport([disk('full.raw')]);
    server.intervene = (line) => (line.startsWith('GET') ? slowly : undefined);
    startWorker();
    await until(() => reads('full.raw').length > 0);
    await refusal(deleteImage(context, caller, task.imageId), 'image.importing');
    const bytes = {
      image: task.imageId,
      disk: 0,
      size: full.length,
      runs: noRuns(),
      signal: new AbortController().signal,
    };
    await refusal(uploadDisk(context, caller, bytes), 'image.importing');
    expect(await cancelTask(context, caller, task.aliyunId)).toMatchObject({ state: 'cancelled' });
    await refusal(findImage(context, caller, task.imageId), 'image.not-found');
    expect(await bytesUsed()).toBe(0);
    expect(await refusal(cancelTask(context, caller, task.id), 'task.finished')).toMatchObject({ state: 'cancelled' });
  });

  it('that is cancelled while it waits is never taken up', async () => {
    const task = await startImport([disk('full.raw')]);
    await cancelTask(context, caller, task.id);
    const other = await startImport([disk('data.raw')]);
    startWorker();
    await ended(other);
    expect(await findTask(context, caller, task.id)).toMatchObject({ state: 'cancelled', attempts: 0 });
    expect(reads('full.raw')).toEqual([]);
  });

  it('of bytes in a wrong format fails with its image, and gives the quota back', async () => {
    const tasks = [
      await startImport([disk('full.raw'), disk('data.raw', { role: 'data', format: 'qcow2' })]),
      await startImport([disk('full.raw', { format: 'vhd' })]),
    ];
    startWorker();
    for (const task of tasks) {
      expect(await ended(task)).toMatchObject({
        state: 'failed',
        failure: { code: 'format-refused', message: expect.stringContaining('the bytes are raw') },
      });
      expect(await findImage(context, caller, task.imageId)).toMatchObject({ state: 'failed' });
      await deleteImage(context, caller, task.imageId);
    }
    expect(await bytesUsed()).toBe(0);
  });

  it('does not mix two objects: one that has changed since fails', async () => {
    const task = await startImport([disk('full.raw')]);
    bucket.set('full.raw', randomBytes(full.length));
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'object-gone' } });
  });

  it('is tried again while the store does not answer, and then given up', async () => {
    const task = await startImport([disk('full.raw')]);
    let isDown = true;
    server.intervene = (line) => (isDown && line.startsWith('GET') ? { status: 503 } : undefined);
    startWorker();
    await until(async () => (await findTask(context, caller, task.id)).attempts === 1);
    await until(async () => (await findTask(context, caller, task.id)).state === 'queued');
    isDown = false;
    installation.advance(2000);
    expect(await ended(task)).toMatchObject({ state: 'succeeded', attempts: 2 });

    isDown = true;
    const hopeless = await startImport([disk('data.raw')]);
    await until(async () => (await findTask(context, caller, hopeless.id)).attempts === 1);
    await until(async () => (await findTask(context, caller, hopeless.id)).state === 'queued');
    installation.advance(2000);
    expect(await ended(hopeless)).toMatchObject({ state: 'failed', failure: { code: 'attempts-exhausted' } });
    expect(await findImage(context, caller, hopeless.imageId)).toMatchObject({ state: 'failed' });
  });

  it('needs the right until its end', async () => {
    const task = await startImport([disk('full.raw')]);
    await context.db.updateTable('users').set({ role: 'viewer' }).where('id', '=', caller.userId).execute();
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'not-permitted' } });
    caller = { ...caller, role: 'viewer' };
    await refusal(startImport([disk('full.raw')]), 'forbidden');
  });

  it('is refused without its objects, its bucket, a store, or the room', async () => {
    expect(await refusal(startImport([disk('full.raw'), disk('gone')]), 'object.not-found')).toEqual({
      bucket: 'images',
      object: 'gone',
    });
    const elsewhere = disk('full.raw', { bucket: 'elsewhere' });
    expect(await refusal(startImport([elsewhere]), 'object.bucket-not-found')).toEqual({ bucket: 'elsewhere' });
    bucket.set('empty', Buffer.alloc(0));
    expect(await refusal(startImport([disk('empty')]), 'object.size')).toMatchObject({ size: 0 });
    const small = disk('full.raw', { format: 'raw', size: MiB });
    expect(await refusal(startImport([small]), 'object.size')).toMatchObject({
      size: full.length,
      limit: MiB,
      role: 'system',
    });
    for (const object of ['', '../x', 'a/./b', 'a\0', 'x'.repeat(1025)]) {
      await refusal(startImport([disk(object)]), 'request.invalid');
    }
    await refusal(startImport([disk('full.raw', { bucket: 'a/b' })]), 'request.invalid');
    await refusal(startImport([]), 'request.invalid');
    await setQuotas(context, installation.operator, caller.accountId, 'north', { bytes: full.length - 1 });
    await refusal(startImport([disk('full.raw')]), 'quota.bytes');
    server.intervene = () => ({ status: 403 });
    await refusal(startImport([disk('full.raw')]), 'object.denied');
    server.intervene = () => ({ status: 500 });
    await refusal(startImport([disk('full.raw')]), 'object-store.unreachable');
    const { total } = await listTasks(context, caller, { offset: 0, limit: 10 });
    expect(total).toBe(0);
    expect(await bytesUsed()).toBe(0);
  });

  it('is asked for once with a token, whatever has become of its object', async () => {
    const task = await startImport([disk('full.raw')], 'once');
    bucket.delete('full.raw');
    expect((await startImport([disk('full.raw')], 'once')).id).toBe(task.id);
    await refusal(startImport([disk('data.raw')], 'once'), 'request.idempotency-mismatch');
    expect((await listTasks(context, caller, { offset: 0, limit: 10 })).total).toBe(1);
    await cancelTask(context, caller, task.id);
  });
});

async function* noRuns() {}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** A running task of a server that was killed, whose lease has run out. */
function killed(attempts = 1): Updateable<TasksTable> {
  return { state: 'running', server: randomUUID(), attempts, due_at: 0 };
}

async function change({ id }: Task, columns: Updateable<TasksTable>): Promise<void> {
  await context.db.updateTable('tasks').set(columns).where('id', '=', id).execute();
}

async function columnsOf({ id }: Task): Promise<Selectable<TasksTable>> {
  return await context.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

async function segmentsOf(task: Task): Promise<number> {
  const { count } = await context.db
    .selectFrom('upload_segments')
    .innerJoin('uploads', 'uploads.manifest', 'upload_segments.manifest')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('uploads.image', '=', task.imageId)
    .executeTakeFirstOrThrow();
  return count;
}

describe('an export', () => {
  /** More than one part. */
  const long = Buffer.alloc(20 * MiB);
  randomBytes(9 * MiB).copy(long, 8 * MiB);

  it('writes every disk as it is, each to an object of its own', async () => {
    const image = await makeImage(context, caller, [long, data]);
    const task = await startExport(image.aliyunId);
    await refusal(deleteImage(context, caller, image.id), 'image.exporting');
    await refusal(startExport(image.id), 'image.exporting');
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'succeeded', progress: { bytesDone: long.length + data.length } });
    const names = [`out_${image.aliyunId}_system.raw`, `out_${image.aliyunId}_data_1.raw`];
    expect(task.objects.map(({ object }) => object)).toEqual(names);
    const digest = (bytes: Uint8Array | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    expect(names.map((name) => digest(bucket.get(name)))).toEqual([digest(long), digest(data)]);
    expect(server.uploads.size).toBe(0);
    await deleteImage(context, caller, image.id);
    const { aliyunId: imageAliyunId, jdcloudId: imageJdcloudId } = image;
    expect(await findTask(context, caller, task.id)).toMatchObject({ imageAliyunId, imageJdcloudId });
  });

  it('of an encrypted image opens it, if its key can be used when it begins', async () => {
    const image = await makeImage(context, caller, [data]);
    const wanted = { region: 'north', origin: 'mimeo', description: '', grants: ['images'] } as const;
    const { result: key } = await createKey(context, caller, wanted, { signal: never });
    const copy = await copyImage(context, caller, { image: image.id, region: 'north', encryption: key.id });
    await finishCopy(installation, caller, copy.id);
    const task = await startExport(copy.destinationImageId);
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'succeeded' });
    expect(bucket.get(task.objects[0]?.object ?? '')?.equals(data)).toBe(true);
    await disableKey(context, caller, key.id);
    const refused = await startExport(copy.destinationImageId, { prefix: 'again' });
    expect(await ended(refused)).toMatchObject({ state: 'failed', failure: { code: 'key-disabled' } });
  });

  it('that is cancelled in the middle leaves nothing in the bucket', async () => {
    const image = await makeImage(context, caller, [long]);
    const task = await startExport(image.id);
    server.intervene = (line) => (line.includes('partNumber=2') ? { wait: new Promise(() => {}) } : undefined);
    startWorker();
    await until(() => server.requests.some((line) => line.includes('partNumber=2')));
    expect(server.uploads.size).toBe(1);
    await cancelTask(context, caller, task.id);
    await until(() => server.uploads.size === 0);
    expect([...bucket.keys()].some((key) => key.startsWith('out'))).toBe(false);
    await deleteImage(context, caller, image.id);
  });

  it('that is killed begins anew on another server, or is cleared away when it was cancelled meanwhile', async () => {
    const image = await makeImage(context, caller, [long]);
    for (const wish of ['go on', 'cancel'] as const) {
      bucket.clear();
      const task = await startExport(image.id);
      const { bucket: name = '', object = '' } = task.objects[0] ?? {};
      const left = await objects.beginUpload({ bucket: name, object }, new AbortController().signal);
      await left.put(Buffer.from('of a dead server'), new AbortController().signal);
      // What a server leaves that was killed: a running task of its own, whose lease has run out.
      const uploads = JSON.stringify([{ bucket: name, object, upload: left.id }]);
      await change(task, { ...killed(), untidy: true, uploads });
      if (wish === 'cancel') await cancelTask(context, caller, task.id);
      startWorker();
      await until(async () => server.uploads.size === 0 && (await ended(task)) !== undefined);
      expect(await findTask(context, caller, task.id)).toMatchObject({
        state: wish === 'cancel' ? 'cancelled' : 'succeeded',
      });
      expect(bucket.size).toBe(wish === 'cancel' ? 0 : 1);
    }
  });

  it('that fails for good leaves nothing in the bucket either', async () => {
    const image = await makeImage(context, caller, [long]);
    const task = await startExport(image.id);
    server.intervene = (line) => (line.includes('partNumber=3') ? { status: 403 } : undefined);
    startWorker();
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'object-denied' } });
    await until(() => server.uploads.size === 0);
    expect(await findImage(context, caller, image.id)).toMatchObject({ state: 'available' });
  });

  it('that completes its objects is not cancelled, and leaves none of them when one fails for good', async () => {
    const image = await makeImage(context, caller, [data, data]);
    let [asked, answer] = [() => {}, (_: unknown) => {}];
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const wait = new Promise((resolve) => (answer = resolve));
    server.intervene = (line) => {
      if (!/^POST .*data_1\.raw\?.*uploadId=/.test(line)) return undefined;
      asked();
      return { wait, status: 403 };
    };
    const task = await startExport(image.id);
    startWorker();
    await isAsked;
    expect([...bucket.keys()]).toContain(task.objects[0]?.object);
    expect(await refusal(cancelTask(context, caller, task.id), 'task.completing')).toEqual({ task: task.id });
    answer(undefined);
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'object-denied' } });
    await until(async () => !(await columnsOf(task)).untidy);
    expect(exported()).toEqual([]);
    expect(server.uploads.size).toBe(0);
  });

  it('that failed leaves the object that another export of the image has made', async () => {
    const image = await makeImage(context, caller, [data, data]);
    startWorker();
    const first = await ended(await startExport(image.id));
    server.intervene = (line) => (/^POST .*data_1\.raw\?.*uploadId=/.test(line) ? { status: 403 } : undefined);
    const second = await startExport(image.id);
    expect(await ended(second)).toMatchObject({ state: 'failed' });
    await until(async () => !(await columnsOf(second)).untidy);
    expect(exported()).toEqual(first.objects.map(({ object }) => object));
  });

  it('needs the right until it completes its objects', async () => {
    const image = await makeImage(context, caller, [data]);
    const task = await startExport(image.id);
    let answer = (_: unknown) => {};
    const wait = new Promise((resolve) => (answer = resolve));
    server.intervene = (line) => (line.includes('partNumber=1') ? { wait } : undefined);
    startWorker();
    await until(() => server.requests.some((line) => line.includes('partNumber=1')));
    await context.db.updateTable('users').set({ role: 'viewer' }).where('id', '=', caller.userId).execute();
    answer(undefined);
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'not-permitted' } });
    await until(() => server.uploads.size === 0);
    expect(exported()).toEqual([]);
  });

  it("of another account's image does not keep its owner from exporting and deleting it, and fails then", async () => {
    const image = await makeImage(context, caller, [data]);
    await updateImage(context, caller, image.id, { visibility: 'public' });
    const owner = caller;
    const stranger = await installation.newCaller();
    caller = stranger;
    const limited = { ...stranger, agency: 'partner', projects: [randomUUID()] };
    const command = { image: image.id, bucket: 'images', prefix: 'mine', format: null };
    await refusal(exportImage(context, limited, command), 'forbidden');
    const task = await startExport(image.id, { prefix: 'mine' });
    await refusal(startExport(image.id), 'image.exporting');
    caller = owner;
    const own = await startExport(image.id);
    await refusal(deleteImage(context, owner, image.id), 'image.exporting');
    await cancelTask(context, owner, own.id);
    let answer = (_: unknown) => {};
    const wait = new Promise((resolve) => (answer = resolve));
    server.intervene = (line) => (line.includes('partNumber=1') ? { wait } : undefined);
    startWorker();
    await until(() => server.requests.some((line) => line.includes('partNumber=1')));
    await deleteImage(context, owner, image.id);
    answer(undefined);
    caller = stranger;
    expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'source-gone' } });
    await until(async () => !(await columnsOf(task)).untidy);
    expect(exported()).toEqual([]);
    expect(server.uploads.size).toBe(0);
  });

  it('is tidied without harm to the next one of the same objects', async () => {
    const image = await makeImage(context, caller, [long]);
    const first = await startExport(image.id);
    server.intervene = (line) => (line.includes('partNumber=3') ? { status: 403 } : undefined);
    const worker = startWorker({ tidy: async () => {} });
    await ended(first);
    await worker.stop();
    let answer = (_: unknown) => {};
    const wait = new Promise((resolve) => (answer = resolve));
    server.intervene = (line) => (line.includes('partNumber=3') ? { wait } : undefined);
    const from = server.requests.length;
    const second = await startExport(image.id);
    startWorker();
    await until(() => server.requests.slice(from).some((line) => line.includes('partNumber=3')));
    await change(first, { untidy: true, due_at: 0 });
    await until(async () => !(await columnsOf(first)).untidy);
    answer(undefined);
    expect(await ended(second)).toMatchObject({ state: 'succeeded', attempts: 1 });
    expect(server.uploads.size).toBe(0);
  });

  it('is tidied so often, but for the ends of servers, and then left with a word', async () => {
    const image = await makeImage(context, caller, [data]);
    const task = await startExport(image.id);
    await cancelTask(context, caller, task.id);
    await change(task, { untidy: true, due_at: 0 });
    const began = Promise.withResolvers<void>();
    const waiting = startWorker({
      async tidy(_task, _holder, signal) {
        began.resolve();
        await rejectOnAbort(signal);
      },
    });
    await began.promise;
    await waiting.stop();
    expect(await columnsOf(task)).toMatchObject({ untidy: true, tidies: 0 });
    startWorker({ maxAttempts: 1, tidy: () => Promise.reject(new Error('not now')) });
    await until(async () => (await columnsOf(task)).tidies === 1);
    expect(await columnsOf(task)).toMatchObject({ untidy: true, attempts: 0 });
    await until(async () => {
      // Due again after the first try only: in the middle of the second it would be taken once more.
      await context.db
        .updateTable('tasks')
        .set({ due_at: 0 })
        .where('id', '=', task.id)
        .where('tidies', '=', 1)
        .execute();
      return !(await columnsOf(task)).untidy;
    });
    expect(await columnsOf(task)).toMatchObject({ tidies: 2 });
  });

  it('is refused in another format, without a bucket, and of what cannot be read', async () => {
    const image = await makeImage(context, caller, [data]);
    expect(await refusal(startExport(image.id, { format: 'qcow2' }), 'export.format')).toEqual({
      image: image.id,
      format: 'qcow2',
      formats: ['raw'],
    });
    await refusal(startExport(image.id, { bucket: 'elsewhere' }), 'object.bucket-not-found');
    await refusal(startExport(image.id, { prefix: '../x' }), 'request.invalid');
    const unfinished = await startImport([disk('full.raw')]);
    await refusal(startExport(unfinished.imageId), 'image.not-readable');
    await cancelTask(context, caller, unfinished.id);
    const bare = { ...context, objects: undefined };
    const command = { image: image.id, bucket: 'images', prefix: 'out', format: null };
    await refusal(exportImage(bare, caller, command), 'object-store.missing');
    const stranger = await installation.newCaller();
    await refusal(exportImage(context, stranger, command), 'image.not-found');
  });
});

describe('tasks', () => {
  it('that kill their workers are given up', async () => {
    const image = await makeImage(context, caller, [data]);
    const tasks = [await startImport([disk('full.raw')]), await startExport(image.id)];
    for (const task of tasks) await change(task, killed(2));
    const from = server.requests.length;
    startWorker({ maxAttempts: 2 });
    for (const task of tasks) {
      expect(await ended(task)).toMatchObject({ state: 'failed', failure: { code: 'attempts-exhausted' } });
    }
    expect(server.requests.slice(from)).toEqual([]);
    expect(await findImage(context, caller, tasks[0]?.imageId ?? '')).toMatchObject({ state: 'failed' });
  });

  it('wait in order while a server has as many as it may', async () => {
    const tasks: Task[] = [];
    for (const object of ['full.raw', 'data.raw', 'sparse.raw']) tasks.push(await startImport([disk(object)]));
    let release = (_: unknown) => {};
    const wait = new Promise((resolve) => (release = resolve));
    server.intervene = (line) => (line.startsWith('GET') ? { wait } : undefined);
    startWorker({ concurrency: 2 });
    await running(tasks[1] as Task);
    expect((await listTasks(context, caller, { states: ['running'], offset: 0, limit: 10 })).total).toBe(2);
    expect(await findTask(context, caller, tasks[2]?.id ?? '')).toMatchObject({ state: 'queued' });
    release(undefined);
    for (const task of tasks) expect(await ended(task)).toMatchObject({ state: 'succeeded' });
  });

  it('are listed by what one asks for, each account its own', async () => {
    const first = await startImport([disk('full.raw')]);
    const second = await startImport([disk('data.raw')]);
    await cancelTask(context, caller, first.id);
    const listed = async (query: object, by = caller) => {
      const { tasks, total } = await listTasks(context, by, { offset: 0, limit: 10, ...query });
      return [total, ...tasks.map(({ id }) => id)];
    };
    expect(await listed({})).toEqual([2, second.id, first.id]);
    expect(await listed({ offset: 1, limit: 1 })).toEqual([2, first.id]);
    expect(await listed({ ids: [first.aliyunId, second.id, 'tsk-none'] })).toEqual([2, second.id, first.id]);
    expect(await listed({ states: ['cancelled'] })).toEqual([1, first.id]);
    expect(await listed({ kinds: ['export'] })).toEqual([0]);
    expect(await listed({ images: [second.imageAliyunId] })).toEqual([1, second.id]);
    expect(await listed({ images: [first.imageId] })).toEqual([1, first.id]);
    expect(await listed({ region: 'south' })).toEqual([0]);
    expect(await listed({ createdSince: second.createdAt, createdUntil: second.createdAt + 1 })).toContain(second.id);
    expect(await listed({ createdUntil: first.createdAt })).toEqual([0]);
    const stranger = await installation.newCaller();
    expect(await listed({}, stranger)).toEqual([0]);
    await refusal(findTask(context, stranger, first.id), 'task.not-found');
    await refusal(cancelTask(context, stranger, second.id), 'task.not-found');
    await refusal(cancelTask(context, { ...caller, role: 'viewer' }, second.id), 'forbidden');
    await cancelTask(context, caller, second.id);
  });
});
