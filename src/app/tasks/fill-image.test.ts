/** Imports into images that are there, imports of several images at once, and exports to an object of a given name. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql, type Updateable } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createInstallation,
  type Installation,
  makeImage,
  never,
  readBytes,
  runsOf,
  until,
} from '../../../test/support/installation.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import { lockExportPlace } from '../../db/export-places.ts';
import type { TasksTable } from '../../db/schema.ts';
import type { Image } from '../../domain/image.ts';
import type { Task } from '../../domain/task.ts';
import { runTasks } from '../../jobs/run-tasks.ts';
import { createTaskContext } from '../../main/tasks.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { announceDisk } from '../announce-disk.ts';
import type { AppContext, Caller } from '../context.ts';
import { createImage } from '../create-image.ts';
import { findImage } from '../find-image.ts';
import { readQuotas, setQuotas } from '../quotas.ts';
import { uploadDisk } from '../upload-disk.ts';
import { cancelTask } from './cancel-task.ts';
import { exportImage } from './export-image.ts';
import { type FillImageCommand, fillImage } from './fill-image.ts';
import { findTask } from './find-task.ts';
import { importImages } from './import-image.ts';

const bytes = randomBytes(3 * 1024 * 1024);

let server: ObjectServer;
let objects: ObjectStore;
let installation: Installation;
let context: AppContext;
let caller: Caller;
let bucket: Map<string, Buffer>;
beforeAll(async () => {
  server = await startObjectServer();
  objects = openObjectServer(server);
  installation = await createInstallation({ objects });
  context = installation.context;
  bucket = server.buckets.get('images') as Map<string, Buffer>;
});
beforeEach(async () => {
  caller = await installation.newCaller();
  bucket.clear();
  bucket.set('disk.raw', bytes).set('empty', Buffer.alloc(0));
});
afterEach(() => installation.expectSound());
afterAll(async () => {
  objects.close();
  await Promise.all([server.close(), installation.close()]);
});

const plain = {
  region: 'north',
  name: 'plain',
  description: '',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  properties: { kept: 'yes' },
  tags: {},
} as const;

async function empty(): Promise<Image> {
  return (await createImage(context, caller, { ...plain, disks: [] })).result;
}

async function fill({ id: image }: Pick<Image, 'id'>, changes: Partial<FillImageCommand> = {}): Promise<Task> {
  const disk = { bucket: 'images', object: 'disk.raw', role: 'system', format: null } as const;
  return await fillImage(context, caller, { image, ...disk, ...changes });
}

/** Until it has ended, and nothing of it has to be removed any more. */
async function work(task: Task, by: Caller = caller): Promise<Task> {
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(context, objects, settings), stopping.signal);
  await until(async () => {
    const { finished_at, untidy } = await context.db
      .selectFrom('tasks')
      .select(['finished_at', 'untidy'])
      .where('id', '=', task.id)
      .executeTakeFirstOrThrow();
    return finished_at !== null && !untidy;
  });
  stopping.abort();
  await done;
  return await findTask(context, by, task.id);
}

describe('fillImage', () => {
  it('brings the bytes of an object to an image without a disk, and keeps what is said of it', async () => {
    const image = await empty();
    installation.advance(1000);
    const task = await fill(image);
    expect(task).toMatchObject({ kind: 'import', state: 'queued', imageId: image.id });
    expect(task.createdAt).toBeGreaterThan(image.createdAt);
    await expect(fill(image)).rejects.toMatchObject({ code: 'image.importing' });
    expect(await work(task)).toMatchObject({ state: 'succeeded' });
    expect(await findImage(context, caller, image.id)).toMatchObject({
      state: 'available',
      properties: { kept: 'yes' },
      disks: [{ role: 'system', format: 'raw', size: bytes.length }],
    });
    expect(await readBytes(context, caller, image.id)).toEqual(bytes);
    await expect(fill(image)).rejects.toMatchObject({ code: 'disk.has-content' });
  });

  it('gives up what an upload that was cut off has stored', async () => {
    const image = await empty();
    await announceDisk(context, caller, { image: image.id, size: bytes.length, role: 'system', format: null });
    const other = randomBytes(2 * 1024 * 1024);
    const upload = { image: image.id, disk: 0, size: null, isPartial: true, signal: never };
    await uploadDisk(context, caller, { ...upload, runs: runsOf(other) });
    expect(await work(await fill(image))).toMatchObject({ state: 'succeeded' });
    expect((await readBytes(context, caller, image.id)).equals(bytes)).toBe(true);
  });

  it('takes the image with it when it fails, or is cancelled', async () => {
    const failed = await empty();
    expect(await work(await fill(failed, { format: 'qcow2' }))).toMatchObject({ failure: { code: 'format-refused' } });
    expect(await findImage(context, caller, failed.id)).toMatchObject({ state: 'failed' });
    await expect(fill(failed)).rejects.toMatchObject({ code: 'image.changing' });
    const cancelled = await empty();
    await cancelTask(context, caller, (await fill(cancelled)).id);
    await expect(findImage(context, caller, cancelled.id)).rejects.toMatchObject({ code: 'image.not-found' });
  });

  it('is refused of other objects and images, and to others, and changes nothing then', async () => {
    const image = await empty();
    await expect(fill(image, { object: 'empty' })).rejects.toMatchObject({ code: 'object.size' });
    await expect(fill(image, { most: 1000 })).rejects.toMatchObject({ facts: { size: bytes.length, limit: 1000 } });
    await expect(fill(image, { object: 'gone' })).rejects.toMatchObject({ code: 'object.not-found' });
    await expect(fill(image, { bucket: 'B' })).rejects.toMatchObject({ facts: { field: 'bucket' } });
    await setQuotas(context, installation.operator, caller.accountId, 'north', { bytes: 10 });
    await expect(fill(image)).rejects.toMatchObject({ code: 'quota.bytes' });
    const owner = caller;
    caller = { ...owner, role: 'viewer' };
    await expect(fill(image)).rejects.toMatchObject({ code: 'forbidden' });
    caller = await installation.newCaller();
    await expect(fill(image)).rejects.toMatchObject({ code: 'image.not-found' });
    expect(await findImage(context, owner, image.id)).toEqual(image);
  });
});

describe('importImages', () => {
  const disk = { bucket: 'images', object: 'disk.raw', role: 'system', format: null, size: null } as const;
  const importing = (...names: readonly string[]) =>
    importImages(
      context,
      caller,
      names.map((name) => ({ ...plain, name, disks: [disk] })),
    );
  const used = async () => (await readQuotas(context, caller, { region: 'north' }))[0]?.quotas.images.used;

  it('makes each image with a task of its own, as old as it', async () => {
    const { result: tasks } = await importing('one', 'two');
    const images = await Promise.all(tasks.map(({ imageId }) => findImage(context, caller, imageId)));
    expect(images.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(tasks.map(({ createdAt }) => createdAt)).toEqual(images.map(({ createdAt }) => createdAt));
    for (const task of tasks) expect(await work(task)).toMatchObject({ state: 'succeeded' });
  });

  it('makes all or none', async () => {
    await setQuotas(context, installation.operator, caller.accountId, 'north', { images: 1 });
    await expect(importing('one', 'two')).rejects.toMatchObject({ code: 'quota.images' });
    expect(await used()).toBe(0);
  });

  it('makes none when what is done along with them fails', async () => {
    const also = async () => {
      throw new Error('it could not be kept');
    };
    const command = { ...plain, name: 'one', disks: [disk] };
    await expect(importImages(context, caller, [command], { also })).rejects.toThrow('it could not be kept');
    expect(await used()).toBe(0);
  });
});

describe('exportImage to an object of a name', () => {
  const to = (image: Image, object: string, by = caller) =>
    exportImage(context, by, { image: image.id, bucket: 'images', object, format: null });

  /** An image of another account, with other bytes. */
  async function ofOther() {
    const other = await installation.newCaller();
    const otherBytes = randomBytes(1024 * 1024);
    return { other, otherBytes, theirs: await makeImage(context, other, [otherBytes]) };
  }

  async function change({ id }: Task, columns: Updateable<TasksTable>): Promise<void> {
    await context.db.updateTable('tasks').set(columns).where('id', '=', id).execute();
  }

  /** As a server leaves it that was killed after it had completed the object. */
  function completed(object: string, attempts: number): Updateable<TasksTable> {
    const uploads = JSON.stringify([{ bucket: 'images', object, upload: randomUUID() }]);
    const row = { state: 'running', server: randomUUID(), attempts, due_at: 0 } as const;
    return { ...row, untidy: true, completing: true, uploads };
  }

  it('writes that object', async () => {
    const { result } = await to(await makeImage(context, caller, [bytes]), 'a folder/out');
    expect(await work(result)).toMatchObject({ state: 'succeeded' });
    expect(bucket.get('a folder/out')?.equals(bytes)).toBe(true);
  });

  it('takes the place of none, and is of one disk', async () => {
    const image = await makeImage(context, caller, [bytes]);
    await expect(to(image, 'disk.raw')).rejects.toMatchObject({
      code: 'object.exists',
      facts: { bucket: 'images', object: 'disk.raw' },
    });
    const two = await makeImage(context, caller, [bytes, bytes]);
    await expect(to(two, 'out')).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'object' } });
    await expect(to(image, '../out')).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'object' } });
  });

  it('is accepted of one of two that ask for the same at once, whosever they are', async () => {
    const { other, otherBytes, theirs } = await ofOther();
    const mine = await makeImage(context, caller, [bytes]);
    const answers = await Promise.allSettled([to(mine, 'out'), to(theirs, 'out', other)]);
    const refused = { code: 'object.exists', facts: { bucket: 'images', object: 'out' } };
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: refused });
    const isMine = answers[0].status === 'fulfilled';
    for (const answer of answers) {
      if (answer.status === 'rejected') continue;
      expect(await work(answer.value.result, isMine ? caller : other)).toMatchObject({ state: 'succeeded' });
    }
    expect(bucket.get('out')?.equals(isMine ? bytes : otherBytes)).toBe(true);
    await expect(isMine ? to(theirs, 'out', other) : to(mine, 'out')).rejects.toMatchObject(refused);
  });

  it('waits for what comes of another that asks for the same', async () => {
    const { db } = context;
    const image = await makeImage(context, caller, [bytes]);
    const { asked } = await db.transaction().execute(async (trx) => {
      await lockExportPlace(trx, { bucket: 'images', object: 'out' });
      const asked = to(image, 'out');
      await until(async () => {
        const { rows } = await sql`
          SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`.execute(db);
        return rows.length > 0;
      });
      return { asked };
    });
    await cancelTask(context, caller, (await asked).result.id);
  });

  it('has its place until nothing of it has to be removed', async () => {
    const { other, theirs } = await ofOther();
    const { result: task } = await to(await makeImage(context, caller, [bytes]), 'out');
    await cancelTask(context, caller, task.id);
    await change(task, { untidy: true });
    await expect(to(theirs, 'out', other)).rejects.toMatchObject({ code: 'object.exists' });
    await change(task, { untidy: false });
    const { result } = await to(theirs, 'out', other);
    await cancelTask(context, other, result.id);
  });

  it('fails when there is one at its end, and leaves that as it is', async () => {
    const { result } = await to(await makeImage(context, caller, [bytes]), 'out');
    const foreign = randomBytes(100);
    bucket.set('out', foreign);
    expect(await work(result)).toMatchObject({
      state: 'failed',
      failure: { code: 'object-gone', message: expect.stringContaining('object out in bucket images') },
    });
    expect(bucket.get('out')?.equals(foreign)).toBe(true);
    expect(server.uploads.size).toBe(0);
  });

  it("does not remove what another account's export has made", async () => {
    const { other, otherBytes, theirs } = await ofOther();
    const object = `p_${theirs.aliyunId}_system.raw`;
    const { result: named } = await to(await makeImage(context, caller, [bytes]), object);
    await change(named, { due_at: Number.MAX_SAFE_INTEGER });
    const command = { image: theirs.id, bucket: 'images', prefix: 'p', format: null };
    const { result } = await exportImage(context, other, command);
    expect(await work(result, other)).toMatchObject({ state: 'succeeded' });
    await change(named, completed(object, 1));
    expect(await work(named)).toMatchObject({ state: 'failed' });
    expect(bucket.get(object)?.equals(otherBytes)).toBe(true);
  });

  it('goes on after its server, whatever had the name before and is gone', async () => {
    const { other, theirs } = await ofOther();
    expect(await work((await to(theirs, 'out', other)).result, other)).toMatchObject({ state: 'succeeded' });
    bucket.delete('out');
    installation.advance(1000);
    const { result } = await to(await makeImage(context, caller, [bytes]), 'out');
    bucket.set('out', bytes);
    await change(result, completed('out', 0));
    expect(await work(result)).toMatchObject({ state: 'succeeded' });
    expect(bucket.get('out')?.equals(bytes)).toBe(true);
  });
});
