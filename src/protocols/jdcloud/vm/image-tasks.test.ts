/** importImage, exportImage and imageTasks. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { makeImage, readBytes, until } from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import { type ObjectServer, startObjectServer } from '../../../../test/support/object-server.ts';
import { openObjectServer } from '../../../../test/support/open-object-server.ts';
import type { Caller } from '../../../app/context.ts';
import { type CreateImageCommand, createImage } from '../../../app/create-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { shareImage } from '../../../app/share-image.ts';
import { cancelTask } from '../../../app/tasks/cancel-task.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import type { Image } from '../../../domain/image.ts';
import { runTasks } from '../../../jobs/run-tasks.ts';
import { createTaskContext } from '../../../main/tasks.ts';
import type { ObjectStore } from '../../../objects/object-store.ts';
import { commonFaults } from '../common-faults.ts';
import { pagingFaults } from '../list-parameters.ts';
import { exportImageFaults } from './export-image-faults.ts';
import { importImageFaults } from './import-image-faults.ts';

const { forbidden, outOfRange, parameterInvalid, parameterMissing, unknown } = commonFaults;

const bytes = randomBytes(200_000);
const north = '/v1/regions/north';
const store = 'https://images.s3.north.jdcloud-oss.com';

let server: ObjectServer;
let objects: ObjectStore;
let jdcloud: TestJdcloud;
/** Of an installation without an object store. */
let bare: TestJdcloud;
let bucket: Map<string, Buffer>;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let client: JdcloudClient;
beforeAll(async () => {
  server = await startObjectServer();
  objects = openObjectServer(server);
  jdcloud = await createTestJdcloud({ installation: { objects } });
  bare = await createTestJdcloud();
  bucket = server.buckets.get('images') as Map<string, Buffer>;
});
beforeEach(async () => {
  server.intervene = () => undefined;
  bucket.clear();
  bucket.set('debian.raw', bytes).set('系统/数据 1.raw', bytes).set('empty', Buffer.alloc(0));
  caller = await jdcloud.installation.newCaller();
  client = await jdcloud.newClient('owner', caller);
});
afterEach(() => jdcloud.installation.expectSound());
afterAll(async () => {
  await jdcloud.close();
  await bare.close();
  objects.close();
  await server.close();
});

type Said = Readonly<Record<string, unknown>>;

const wanted = {
  architecture: 'x86_64',
  osType: 'linux',
  platform: 'Other Linux',
  diskFormat: 'raw',
  systemDiskSizeGB: 40,
  imageUrl: `${store}/debian.raw`,
  imageName: 'imported',
};

async function importing(said: Said = {}, by = client) {
  return await by.call('POST', `${north}/images:import`, { body: { ...wanted, ...said } });
}

async function exporting({ jdcloudId }: Pick<Image, 'jdcloudId'>, said: Said = {}, by = client) {
  const body = { roleName: 'exportRole', ossUrl: store, ...said };
  return await by.call('POST', `${north}/images/${jdcloudId}:exportImage`, { body });
}

async function tasks(query: Readonly<Record<string, string | number>> = {}, region = 'north') {
  return await client.call('GET', `/v1/regions/${region}/imageTasks`, { query });
}

/** Runs until the task has ended. */
async function work(task: string): Promise<void> {
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(jdcloud.installation.context, objects, settings), stopping.signal);
  await until(async () => (await findTask(jdcloud.installation.context, caller, task)).finishedAt !== null);
  stopping.abort();
  await done;
}

async function newImage(disks = 1): Promise<Image> {
  return await makeImage(jdcloud.installation.context, caller, Array(disks).fill(bytes));
}

/** One that has no bytes yet, and so is pending. */
async function emptyImage(changes: Partial<CreateImageCommand> = {}): Promise<Image> {
  const disks = [{ role: changes.kind === 'data-disk' ? 'data' : 'system', format: 'raw', size: 512 }] as const;
  const named = { region: 'north', name: 'empty', description: '', tags: {} };
  const command = { ...named, kind: 'system-disk', rootDevice: 'cloud-disk', disks, ...changes } as const;
  return (await createImage(jdcloud.installation.context, caller, command)).result;
}

const second = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

describe('an import', () => {
  it('makes an image of objects, which is ready when its task has finished', async () => {
    const { context } = jdcloud.installation;
    const dataUrl = `https://s3-internal.north.jdcloud-oss.com/images/${encodeURIComponent('系统/数据 1.raw')}`;
    const { status, body } = await importing({
      regionId: 'north',
      imageUrl: 'http://images.s3-internal.north.jdcloud-oss.com/debian.raw',
      osType: 'windows',
      platform: 'Windows Server',
      osVersion: '2022',
      bootMode: 'uefi',
      description: 'from elsewhere',
      forceImport: false,
      clientToken: null,
      dataDisks: [{ diskFormat: 'raw', dataDiskSizeGB: 20, imageUrl: dataUrl }],
    });
    const { imageId, taskId } = body.result;
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        requestId: expect.any(String),
        result: { imageId: expect.stringMatching(/^img-[a-z0-9]{10}$/), taskId: expect.any(String) },
      },
    });
    const task = {
      taskId,
      action: 'ImportImage',
      taskStatus: 'pending',
      progress: 0,
      errorInfo: '',
      message: '',
      createdTime: expect.stringMatching(second),
      finishedTime: '',
      imageId,
      imageName: 'imported',
      imageUrl: `${store}/debian.raw`,
    };
    expect((await tasks({ 'taskIds.1': taskId })).body.result).toEqual({ taskSet: [task], totalCount: 1 });

    await work(taskId);
    const finished = { ...task, taskStatus: 'finished', progress: 100, finishedTime: expect.stringMatching(second) };
    expect((await tasks()).body.result).toEqual({ taskSet: [finished], totalCount: 1 });
    const image = await findImage(context, caller, imageId);
    expect(image).toMatchObject({
      state: 'available',
      kind: 'system-disk',
      rootDevice: 'cloud-disk',
      description: 'from elsewhere',
    });
    expect(image.attributes).toEqual({
      architecture: 'x86_64',
      osType: 'windows',
      platform: 'Windows Server',
      osVersion: '2022',
      bootMode: 'uefi',
      minDiskGiB: 40,
    });
    expect(image.disks.map(({ role }) => role)).toEqual(['system', 'data']);
    for (const disk of [0, 1]) expect((await readBytes(context, caller, image.id, disk)).equals(bytes)).toBe(true);
  });

  it('of bytes that are something else fails, and says why', async () => {
    const { taskId, imageId } = (await importing({ diskFormat: 'qcow2' })).body.result;
    await work(taskId);
    const [task] = (await tasks({ taskStatus: 'failed' })).body.result.taskSet;
    expect(task).toMatchObject({ taskId, taskStatus: 'failed', errorInfo: 'format-refused' });
    expect(task.progress).toBeLessThan(100);
    const { id } = await findImage(jdcloud.installation.context, caller, imageId);
    expect(task.message).not.toBe('');
    expect(task.message).not.toContain(id);
  });

  it('is done once with a token, and not for viewers', async () => {
    const clientToken = randomUUID();
    const first = await importing({ clientToken });
    expect((await importing({ clientToken })).body.result).toEqual(first.body.result);
    const others = await Promise.all([importing({ clientToken: '' }), importing({ clientToken: '' })]);
    expect(new Set(others.map(({ body }) => body.result.taskId)).size).toBe(2);
    expectFault(await importing({}, await jdcloud.newClient('viewer', caller)), forbidden);
  });

  it('asks the addresses of nobody', async () => {
    expectFault(await importing({ imageUrl: `${server.url}/images/debian.raw` }), parameterInvalid, 'imageUrl');
    const from = server.requests.length;
    expectFault(await importing({ imageUrl: `${store}/%2E%2E%2Fx` }), parameterInvalid, 'imageUrl');
    expectFault(await importing({ imageUrl: 'https://A_B.s3.north.jdcloud-oss.com/x' }), parameterInvalid, 'imageUrl');
    expect(server.requests).toHaveLength(from);
  });

  it('misses whatever it has to have', async () => {
    for (const name of Object.keys(wanted)) {
      expectFault(await importing({ [name]: null }), parameterMissing, name);
      expectFault(await importing({ [name]: '' }), parameterMissing, name);
    }
  });

  it('is refused with what breaks a rule', async () => {
    for (const [name, value] of [
      ['architecture', 'vax'],
      ['osType', 'vms'],
      ['platform', ' x'],
      ['platform', '\u3000x'],
      ['osVersion', 'x'.repeat(129)],
      ['bootMode', 'uefi-preferred'],
      ['diskFormat', 'iso'],
      ['imageName', 'a b'],
      ['imageName', 'x'.repeat(33)],
      ['description', 'x'.repeat(257)],
      ['clientToken', 'x'.repeat(65)],
      ['forceImport', 'perhaps'],
      ['dataDisks', {}],
    ] as const) {
      expectFault(await importing({ [name]: value }), parameterInvalid, name);
    }
  });

  it('names what is wrong with a data disk', async () => {
    const disk = { diskFormat: 'raw', dataDiskSizeGB: 20, imageUrl: `${store}/debian.raw` };
    const withDisk = (said: Said) => importing({ dataDisks: [{ ...disk, ...said }] });
    expectFault(await withDisk({ imageUrl: undefined }), parameterMissing, 'dataDisks.imageUrl');
    expectFault(await withDisk({ diskFormat: 'iso' }), parameterInvalid, 'dataDisks.diskFormat');
    expectFault(await withDisk({ dataDiskSizeGB: 19 }), outOfRange, 'dataDisks.dataDiskSizeGB');
    expectFault(await importing({ dataDisks: Array(9).fill(disk) }), outOfRange, 'dataDisks');
    const elsewhere = await withDisk({ imageUrl: 'https://images.s3.south.jdcloud-oss.com/debian.raw' });
    expectFault(elsewhere, importImageFaults.regionMismatch);
  });

  it('is of a disk of 40 to 500 GB', async () => {
    for (const systemDiskSizeGB of [39, 501, '0', 40.5]) {
      expectFault(await importing({ systemDiskSizeGB }), outOfRange, 'systemDiskSizeGB');
    }
    expect(await importing({ systemDiskSizeGB: '500' })).toMatchObject({ status: 200 });
  });

  it('is told when the object store is away', async () => {
    server.intervene = () => ({ status: 500 });
    expectFault(await importing(), unknown);
  });

  const limit = async (limits: { images?: number; bytes?: number }) => {
    const { context, operator } = jdcloud.installation;
    await setQuotas(context, operator, caller.accountId, 'north', limits);
    return await importing();
  };

  const provocations: Provocations<typeof importImageFaults> = {
    regionMismatch: () => importing({ imageUrl: 'https://images.s3.south.jdcloud-oss.com/debian.raw' }),
    sizeStep: () => importing({ systemDiskSizeGB: 45 }),
    noObjectStore: () => importing({}, bare.client),
    bucketNotFound: () => importing({ imageUrl: 'https://elsewhere.s3.north.jdcloud-oss.com/debian.raw' }),
    objectNotFound: () => importing({ imageUrl: `${store}/gone` }),
    objectDenied() {
      server.intervene = () => ({ status: 403 });
      return importing();
    },
    objectSize: () => importing({ imageUrl: `${store}/empty` }),
    imageQuota: () => limit({ images: 0 }),
    snapshotQuota: () => limit({ bytes: 0 }),
    async tokenUsed() {
      const clientToken = randomUUID();
      await importing({ clientToken });
      return await importing({ clientToken, imageName: 'another' });
    },
  };

  it.each(rowsOf(importImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('from another region says which the two are', async () => {
    const { body } = await importing({ imageUrl: 'https://s3.cn-east-2.jdcloud-oss.com/images/debian.raw' });
    expect(body.error.message).toBe("OssRegion 'cn-east-2' not match current region 'north'");
  });
});

describe('an export', () => {
  it('writes every disk to an object', async () => {
    const image = await newImage(2);
    const { status, body } = await exporting(image, { ossPrefix: 'testExport', isAllDisk: true });
    const { taskId } = body.result;
    expect({ status, body }).toEqual({ status: 200, body: { requestId: expect.any(String), result: { taskId } } });
    expect(taskId).toEqual(expect.any(String));
    await work(taskId);
    const [task] = (await tasks({ taskAction: 'ExportImage' })).body.result.taskSet;
    expect(task).toEqual({
      taskId,
      action: 'ExportImage',
      taskStatus: 'finished',
      progress: 100,
      errorInfo: '',
      message: '',
      createdTime: expect.stringMatching(second),
      finishedTime: expect.stringMatching(second),
      imageId: image.jdcloudId,
      imageName: 'image',
      ossUrl: store,
      ossObject: `testExport_${image.jdcloudId}_system.raw`,
      ossObjects: [`testExport_${image.jdcloudId}_system.raw`, `testExport_${image.jdcloudId}_data_1.raw`],
    });
    for (const object of task.ossObjects) expect(bucket.get(object)?.equals(bytes)).toBe(true);
  });

  it('of an encrypted image writes what is in it', async () => {
    const image = await makeEncryptedImage(jdcloud.installation, caller, { disks: [bytes] });
    const { taskId } = (await exporting(image)).body.result;
    await work(taskId);
    const [{ taskStatus, ossObject }] = (await tasks({ 'taskIds.1': taskId })).body.result.taskSet;
    expect(taskStatus).toBe('finished');
    expect(bucket.get(ossObject)?.equals(bytes)).toBe(true);
  });

  it('is of the system disk alone if nothing else is asked for', async () => {
    const { taskId } = (await exporting(await newImage(2), { isAllDisk: null })).body.result;
    await work(taskId);
    const [{ ossObjects }] = (await tasks({ 'taskIds.1': taskId })).body.result.taskSet;
    expect(ossObjects).toEqual([expect.stringMatching(/^export_img-[a-z0-9]{10}_system\.raw$/)]);
    expect(bucket.get(ossObjects[0])?.equals(bytes)).toBe(true);
  });

  it('goes to a folder, with a slash at its end or without one', async () => {
    const image = await newImage();
    for (const folder of ['nightly', 'nightly/']) {
      const ossUrl = `https://s3.north.jdcloud-oss.com/images/${folder}`;
      const { taskId } = (await exporting(image, { ossUrl })).body.result;
      await work(taskId);
      const [{ ossUrl: said, ossObject }] = (await tasks({ 'taskIds.1': taskId })).body.result.taskSet;
      expect(said).toBe(store);
      expect(ossObject.startsWith(`nightly/export_${image.jdcloudId}_`)).toBe(true);
      expect(bucket.get(ossObject)?.equals(bytes)).toBe(true);
    }
  });

  it('is done once with a token, and not for viewers', async () => {
    const image = await newImage();
    const clientToken = randomUUID();
    const first = await exporting(image, { clientToken });
    expect((await exporting(image, { clientToken })).body.result).toEqual(first.body.result);
    expectFault(await exporting(image, {}, await jdcloud.newClient('viewer', caller)), forbidden);
  });

  it('is one of Windows only if that was imported', async () => {
    const { imageId, taskId } = (await importing({ osType: 'windows' })).body.result;
    await work(taskId);
    expect(await exporting({ jdcloudId: imageId })).toMatchObject({ status: 200 });
  });

  it('is refused with what breaks a rule', async () => {
    const image = await newImage();
    for (const [name, value] of [
      ['roleName', 7],
      ['ossUrl', 'https://example.org/images'],
      ['ossUrl', `${store}/a%20b`],
      ['ossPrefix', 'a/b'],
      ['ossPrefix', 'x'.repeat(33)],
      ['isAllDisk', 'perhaps'],
    ] as const) {
      expectFault(await exporting(image, { [name]: value }), parameterInvalid, name);
    }
  });

  it('misses its role and its bucket', async () => {
    const image = await newImage();
    expectFault(await exporting(image, { roleName: null }), parameterMissing, 'roleName');
    expectFault(await exporting(image, { ossUrl: null }), parameterMissing, 'ossUrl');
  });

  it('names the task that is in its way', async () => {
    const image = await newImage();
    const { taskId } = (await exporting(image)).body.result;
    expectFault(await exporting(image), exportImageFaults.taskConflict, taskId);
  });

  it.each([
    [{ rootDevice: 'local-disk' }, 'localDisk'],
    [{ kind: 'data-disk' }, 'data-disk'],
    [{ kind: 'iso' }, 'iso'],
  ] as const)('is of no image like %s', async (changes, type) => {
    expectFault(await exporting(await emptyImage(changes)), exportImageFaults.typeInvalid, type);
  });

  const provocations: Provocations<typeof exportImageFaults> = {
    imageNotFound: async () => await exporting(await emptyImage({ region: 'south' })),
    async notUsable() {
      const image = await newImage();
      const other = await jdcloud.installation.newCaller();
      await shareImage(jdcloud.installation.context, caller, image.id, other.accountId);
      return await exporting(image, {}, await jdcloud.newClient('owner', other));
    },
    statusInvalid: async () => await exporting(await emptyImage()),
    typeInvalid: async () => await exporting(await emptyImage({ rootDevice: 'local-disk' })),
    windows: async () => await exporting(await emptyImage({ attributes: { osType: 'windows' } })),
    async taskConflict() {
      const image = await newImage();
      await exporting(image);
      return await exporting(image);
    },
    regionMismatch: async () =>
      await exporting(await newImage(), { ossUrl: 'https://images.s3.south.jdcloud-oss.com' }),
    async noObjectStore() {
      const image = await makeImage(bare.installation.context, bare.caller, [bytes]);
      return await exporting(image, {}, bare.client);
    },
    bucketNotFound: async () =>
      await exporting(await newImage(), { ossUrl: 'https://elsewhere.s3.north.jdcloud-oss.com' }),
    async objectDenied() {
      const image = await newImage();
      server.intervene = () => ({ status: 403 });
      return await exporting(image);
    },
    async diskTooLarge() {
      const image = await newImage();
      const { db } = jdcloud.installation.context;
      const resize = (size: number) => db.updateTable('disks').set({ size }).where('image', '=', image.id).execute();
      await resize(6 * 1024 ** 4);
      const answer = await exporting(image);
      await resize(bytes.length);
      return answer;
    },
    async tokenUsed() {
      const image = await newImage();
      const clientToken = randomUUID();
      await exporting(image, { clientToken });
      return await exporting(image, { clientToken, ossPrefix: 'another' });
    },
  };

  it.each(rowsOf(exportImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });
});

describe('tasks', () => {
  it('are listed by what they are asked for by, each account its own', async () => {
    const { context } = jdcloud.installation;
    const [one, two] = [(await importing()).body.result, (await importing()).body.result];
    await cancelTask(context, caller, one.taskId);
    const { aliyunId, createdAt } = await findTask(context, caller, two.taskId);
    const listed = async (query = {}, region = 'north') => {
      const { body } = await tasks(query, region);
      return body.result.taskSet.map(({ taskId }: { taskId: string }) => taskId);
    };
    expect(await listed()).toEqual([two.taskId, one.taskId]);
    expect(await listed({ 'taskIds.1': one.taskId, 'taskIds.2': 'none' })).toEqual([one.taskId]);
    expect(await listed({ 'taskIds.1': aliyunId })).toEqual([]);
    expect(await listed({ taskStatus: 'failed' })).toEqual([one.taskId]);
    expect(await listed({ taskStatus: 'pending', taskAction: 'ImportImage' })).toEqual([two.taskId]);
    expect(await listed({ taskAction: 'ExportImage' })).toEqual([]);
    expect(await listed({}, 'south')).toEqual([]);
    expect((await tasks({ pageSize: 1, pageNumber: 2 })).body.result).toMatchObject({
      taskSet: [{ taskId: one.taskId, errorInfo: 'cancelled', message: 'The task was cancelled.' }],
      totalCount: 2,
    });

    const now = new Date(createdAt).toISOString().slice(0, 19);
    const inChina = new Date(createdAt + 8 * 3600_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(await listed({ startTime: inChina, endTime: inChina })).toContain(two.taskId);
    expect(await listed({ startTime: `${now}Z`, endTime: `${now}Z` })).toContain(two.taskId);
    expect(await listed({ startTime: '2020-01-01 00:00:00', endTime: '2099-01-01T00:00:00Z' })).toHaveLength(2);
    expect(await listed({ endTime: now.replace('T', ' ') })).toEqual([]);

    const other = await jdcloud.client.call('GET', `${north}/imageTasks`, { query: { 'taskIds.1': one.taskId } });
    expect(other.body.result).toEqual({ taskSet: [], totalCount: 0 });
  });

  it('have no name of an image that is gone', async () => {
    const { taskId, imageId } = (await importing()).body.result;
    await cancelTask(jdcloud.installation.context, caller, taskId);
    const [task] = (await tasks()).body.result.taskSet;
    expect(task).toMatchObject({ taskId, imageId, taskStatus: 'failed' });
    expect(task).not.toHaveProperty('imageName');
  });

  it('are not listed by what breaks a rule', async () => {
    for (const [name, value] of [
      ['taskAction', 'CopyImage'],
      ['taskStatus', 'cancelled'],
      ['startTime', 'yesterday'],
      ['startTime', '2021-02-31 00:00:00'],
      ['endTime', '2021-01-28T16:49:05'],
    ] as const) {
      expectFault(await tasks({ [name]: value }), parameterInvalid, name);
    }
  });

  const provocations: Provocations<typeof pagingFaults> = {
    pageSizeInvalid: () => tasks({ pageSize: 101 }),
  };

  it.each(rowsOf(pagingFaults, provocations))('say what their table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
    expectFault(await tasks({ pageSize: 0 }), fault);
  });
});
