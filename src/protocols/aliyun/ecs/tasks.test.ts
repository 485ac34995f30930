/** ImportImage, ExportImage, DescribeTasks, DescribeTaskAttribute and CancelTask. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunClient, AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createInstallation, makeImage, readBytes, until } from '../../../../test/support/installation.ts';
import { type ObjectServer, startObjectServer } from '../../../../test/support/object-server.ts';
import { openObjectServer } from '../../../../test/support/open-object-server.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import type { DiskRole, Image } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { runTasks } from '../../../jobs/run-tasks.ts';
import { createTaskContext } from '../../../main/tasks.ts';
import type { ObjectStore } from '../../../objects/object-store.ts';
import { commonFaults } from '../common-faults.ts';
import { toFaultError } from '../errors.ts';
import { cancelTaskFaults } from './cancel-task.ts';
import { exportImageFaults } from './export-image-faults.ts';
import { importImage } from './import-image.ts';
import { importImageFaults } from './import-image-faults.ts';

const bytes = randomBytes(200_000);

let server: ObjectServer;
let objects: ObjectStore;
let aliyun: TestAliyun;
let bucket: Map<string, Buffer>;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let client: AliyunClient;
beforeAll(async () => {
  server = await startObjectServer();
  objects = openObjectServer(server);
  aliyun = await createTestAliyun({ installation: { objects } });
  bucket = server.buckets.get('images') as Map<string, Buffer>;
});
beforeEach(async () => {
  server.intervene = () => undefined;
  bucket.clear();
  bucket.set('debian.raw', bytes).set('data.raw', bytes).set('empty', Buffer.alloc(0));
  caller = await aliyun.installation.newCaller();
  client = await aliyun.newClient('owner', caller);
});
afterEach(() => aliyun.installation.expectSound());
afterAll(async () => {
  await aliyun.close();
  objects.close();
  await server.close();
});

async function call(action: string, parameters: AliyunParameters = {}) {
  return await client.call(action, { RegionId: 'north', ...parameters });
}

async function importing(parameters: AliyunParameters = {}) {
  return await call('ImportImage', {
    'DiskDeviceMapping.1.OSSBucket': 'images',
    'DiskDeviceMapping.1.OSSObject': 'debian.raw',
    ...parameters,
  });
}

const devices = (...names: readonly string[]): AliyunParameters =>
  Object.fromEntries(names.map((name, index) => [`DiskDeviceMapping.${index + 1}.Device`, name]));

async function exporting({ aliyunId }: Pick<Image, 'aliyunId'>, parameters: AliyunParameters = {}) {
  return await call('ExportImage', { ImageId: aliyunId, OSSBucket: 'images', ...parameters });
}

/** Runs until the task has ended. */
async function work(TaskId: string): Promise<void> {
  const { context } = aliyun.installation;
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(context, objects, settings), stopping.signal);
  await until(async () => (await findTask(context, caller, TaskId)).finishedAt !== null);
  stopping.abort();
  await done;
}

async function newImage(disks = 1): Promise<Image> {
  return await makeImage(aliyun.installation.context, caller, Array(disks).fill(bytes));
}

const minute = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/;

describe('an import', () => {
  it('makes an image of objects, which is Available when its task has Finished', async () => {
    const { context } = aliyun.installation;
    const { status, body } = await importing({
      'DiskDeviceMapping.1.Format': 'RAW',
      'DiskDeviceMapping.1.DiskImageSize': 5,
      'DiskDeviceMapping.2.OSSBucket': 'images',
      'DiskDeviceMapping.2.OSSObject': 'data.raw',
      ImageName: 'imported',
      Architecture: 'x86_64',
      OSType: 'linux',
      Platform: 'Debian',
      LicenseType: 'BYOL',
      RoleName: 'AliyunECSImageImportDefaultRole',
      'Tag.1.Key': 'a',
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        RequestId: expect.any(String),
        ImageId: expect.stringMatching(/^m-[a-z0-9]{20}$/),
        TaskId: expect.stringMatching(/^tsk-[a-z0-9]{20}$/),
        RegionId: 'north',
      },
    });
    const { ImageId, TaskId } = body;
    const task = {
      TaskId,
      TaskAction: 'ImportImage',
      TaskStatus: 'Processing',
      SupportCancel: 'true',
      CreationTime: expect.stringMatching(minute),
      FinishedTime: '',
    };
    const listed = await call('DescribeTasks', { TaskIds: TaskId, TaskStatus: 'Processing' });
    expect(listed.body).toMatchObject({ RegionId: 'north', TotalCount: 1, PageNumber: 1, PageSize: 10 });
    expect(listed.body.TaskSet).toEqual({ Task: [{ ...task, ResourceId: ImageId }] });

    await work(TaskId);
    const ended = await call('DescribeTaskAttribute', { TaskId });
    expect(ended.body).toEqual({
      ...task,
      RequestId: expect.any(String),
      RegionId: 'north',
      TaskStatus: 'Finished',
      SupportCancel: 'false',
      FinishedTime: expect.stringMatching(minute),
      TaskProcess: '100%',
      TotalCount: 1,
      SuccessCount: 1,
      FailedCount: 0,
      OperationProgressSet: {
        OperationProgress: [
          {
            OperationStatus: 'Success',
            ErrorCode: '',
            ErrorMsg: '',
            RelatedItemSet: {
              RelatedItem: [
                { Name: 'ImageId', Value: ImageId },
                { Name: 'OSSObject', Value: 'images/debian.raw' },
                { Name: 'OSSObject', Value: 'images/data.raw' },
              ],
            },
          },
        ],
      },
    });
    const image = await findImage(context, caller, ImageId);
    expect(image).toMatchObject({ name: 'imported', state: 'available', tags: { a: '' }, kind: 'system-disk' });
    expect(image.disks.map(({ role }) => role)).toEqual(['system', 'data']);
    expect((await readBytes(context, caller, image.id)).equals(bytes)).toBe(true);
  });

  const second = { 'DiskDeviceMapping.2.OSSBucket': 'images', 'DiskDeviceMapping.2.OSSObject': 'data.raw' };

  it.each<[string, AliyunParameters, string[]]>([
    ['no Device', {}, ['debian.raw', 'data.raw']],
    ['the second as xvda', { 'DiskDeviceMapping.2.Device': '/dev/xvda' }, ['data.raw', 'debian.raw']],
    ['the first as xvdb, the second as xvda', devices('/dev/xvdb', '/dev/xvda'), ['data.raw', 'debian.raw']],
    ['the second as xvdb', { 'DiskDeviceMapping.2.Device': '/dev/xvdb' }, ['debian.raw', 'data.raw']],
  ])('has its system disk where Device says so: %s', async (_, parameters, objects) => {
    const { ImageId } = (await importing({ ...second, ...parameters })).body;
    const { body } = await call('DescribeImages', { ImageId, Status: 'ALL' });
    const { DiskDeviceMapping: mappings } = body.Images.Image[0].DiskDeviceMappings;
    expect(mappings).toMatchObject([
      { Device: '/dev/xvda', Type: 'system', ImportOSSObject: objects[0] },
      { Device: '/dev/xvdb', Type: 'data', ImportOSSObject: objects[1] },
    ]);
  });

  it.each<[string, AliyunParameters]>([
    ['one Device twice', { ...second, ...devices('/dev/xvdb', '/dev/xvdb') }],
    ['no system disk', { ...second, ...devices('/dev/xvdb', '/dev/xvdc') }],
  ])('is refused with %s', async (_, parameters) => {
    expectFault(await importing(parameters), importImageFaults.deviceMalformed);
  });

  it('is told which disk an object is too large for', () => {
    const refusal = (role: DiskRole) =>
      new RefusalError('object.size', { bucket: 'images', object: 'x', size: 2, limit: 1, role });
    const faultOf = (role: DiskRole) => toFaultError(refusal(role), importImage, 'newer').fault;
    expect(faultOf('system')).toBe(importImageFaults.systemDiskSize);
    expect(faultOf('data')).toBe(importImageFaults.dataDiskSize);
  });

  it('of bytes that are something else fails, and says why', async () => {
    const { TaskId } = (await importing({ 'DiskDeviceMapping.1.Format': 'qcow2' })).body;
    await work(TaskId);
    const { body } = await call('DescribeTaskAttribute', { TaskId });
    expect(body).toMatchObject({ TaskStatus: 'Failed', FailedCount: 1 });
    const [operation] = body.OperationProgressSet.OperationProgress;
    expect(operation).toMatchObject({ OperationStatus: 'Failed', ErrorCode: 'format-refused' });
    expect(operation.ErrorMsg).not.toBe('');
  });

  it('is done once with a token, only tried in a dry run, and not for viewers', async () => {
    expectFault(await importing({ DryRun: true }), commonFaults.dryRunPassed);
    expect((await call('DescribeTasks')).body.TotalCount).toBe(0);
    const ClientToken = randomUUID();
    const first = await importing({ ClientToken });
    expect((await importing({ ClientToken })).body.TaskId).toBe(first.body.TaskId);
    expectFault(await importing({ ClientToken, ImageName: 'other' }), commonFaults.idempotencyMismatch);
    const viewer = await aliyun.newClient('viewer', caller);
    const asked = { 'DiskDeviceMapping.1.OSSBucket': 'images', 'DiskDeviceMapping.1.OSSObject': 'debian.raw' };
    expectFault(await viewer.call('ImportImage', { RegionId: 'north', ...asked }), commonFaults.forbidden);
  });

  const limit = async (limits: { images?: number; bytes?: number }) => {
    const { context, operator } = aliyun.installation;
    await setQuotas(context, operator, caller.accountId, 'north', limits);
    return await importing();
  };
  const many = Array.from({ length: 21 }, (_, index) => [`Tag.${index + 1}.Key`, `k${index}`]);
  const first = (name: string, value: string | number) => importing({ [`DiskDeviceMapping.1.${name}`]: value });

  const provocations: Provocations<typeof importImageFaults> = {
    nameMalformed: () => importing({ ImageName: 'acs:x' }),
    descriptionMalformed: () => importing({ Description: 'x' }),
    architectureMalformed: () => importing({ Architecture: 'vax' }),
    platformMalformed: () => importing({ Platform: 'x\t' }),
    bootModeMalformed: () => importing({ BootMode: 'x' }),
    bootModeUnfit: () => importing({ BootMode: 'BIOS', Architecture: 'arm64' }),
    imdsInvalid: () => importing({ 'Features.ImdsSupport': 'v3' }),
    resourceGroupNotFound: () => importing({ ResourceGroupId: 'default' }),
    tooManyTags: () => importing(Object.fromEntries(many)),
    duplicateTagKey: () => importing({ 'Tag.1.Key': 'a', 'Tag.2.Key': 'a' }),
    tagKeyMalformed: () => importing({ 'Tag.1.Key': 'aliyun' }),
    tagValueMalformed: () => importing({ 'Tag.1.Key': 'a', 'Tag.1.Value': 'acs:a' }),
    async nameTaken() {
      await importing({ ImageName: 'taken' });
      return await importing({ ImageName: 'taken' });
    },
    imageQuota: () => limit({ images: 0 }),
    snapshotQuota: () => limit({ bytes: 0 }),
    osTypeMalformed: () => importing({ OSType: 'vms' }),
    licenseUnsupported: () => importing({ LicenseType: 'x' }),
    mappingMissing: () => call('ImportImage'),
    deviceMalformed: () => first('Device', '/dev/sda'),
    formatMalformed: () => first('Format', 'iso'),
    systemDiskSize: () => first('DiskImageSize', 2049),
    dataDiskSize: () =>
      importing({
        'DiskDeviceMapping.2.OSSBucket': 'images',
        'DiskDeviceMapping.2.OSSObject': 'data.raw',
        'DiskDeviceMapping.2.DiskImSize': 0,
      }),
    objectEmpty: () => first('OSSObject', 'empty'),
    objectMalformed: () => first('OSSObject', '../x'),
    bucketMalformed: () => first('OSSBucket', 'A/b'),
    bucketNotFound: () => first('OSSBucket', 'elsewhere'),
    objectNotFound: () => first('OSSObject', 'gone'),
    async noObjectStore() {
      const installation = await createInstallation();
      const bare = await createTestAliyun({ on: installation });
      const asked = { 'DiskDeviceMapping.1.OSSBucket': 'images', 'DiskDeviceMapping.1.OSSObject': 'debian.raw' };
      const answer = await bare.client.call('ImportImage', { RegionId: 'north', ...asked });
      await bare.close();
      await installation.close();
      return answer;
    },
    regionNotFound: () => importing({ RegionId: 'east' }),
    objectDenied() {
      server.intervene = () => ({ status: 403 });
      return importing();
    },
  };

  it.each(rowsOf(importImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('misses a bucket and an object, and is told when the store is away', async () => {
    expectFault(
      await call('ImportImage', { 'DiskDeviceMapping.1.OSSBucket': 'images' }),
      commonFaults.missingParameter,
    );
    expectFault(await call('ImportImage', { 'DiskDeviceMapping.1.OSSObject': 'x' }), commonFaults.missingParameter);
    server.intervene = () => ({ status: 500 });
    expectFault(await importing(), commonFaults.unavailable);
  });
});

describe('an export', () => {
  it('writes every disk to an object', async () => {
    const image = await newImage(2);
    const { status, body } = await exporting(image, { OSSPrefix: 'Backup1', ImageFormat: 'raw' });
    expect({ status, body }).toEqual({
      status: 200,
      body: { RequestId: expect.any(String), TaskId: expect.any(String), RegionId: 'north' },
    });
    await work(body.TaskId);
    expect(bucket.get(`Backup1_${image.aliyunId}_system.raw`)?.equals(bytes)).toBe(true);
    const { body: listed } = await call('DescribeTasks', {
      TaskAction: 'ExportImage',
      'ResourceIds.1': image.aliyunId,
    });
    expect(listed.TaskSet.Task).toMatchObject([{ TaskId: body.TaskId, TaskStatus: 'Finished' }]);
  });

  const { noObjectStore, ...withStore } = exportImageFaults;

  const provocations: Provocations<typeof withStore> = {
    prefixMalformed: async () => await exporting(await newImage(), { OSSPrefix: 'a/b' }),
    regionNotFound: async () => await exporting(await newImage(), { RegionId: 'east' }),
    imageStatus: async () => await exporting({ aliyunId: (await importing()).body.ImageId }),
    async encrypted() {
      const { installation } = aliyun;
      return await exporting(await makeEncryptedImage(installation, caller));
    },
    formatMalformed: async () => await exporting(await newImage(), { ImageFormat: 'tar' }),
    async formatUnsupported() {
      const image = await newImage();
      return await exporting(image, { ImageFormat: 'vhd' });
    },
    bucketNotFound: async () => await exporting(await newImage(), { OSSBucket: 'elsewhere' }),
    bucketWrong: async () => await exporting(await newImage(), { OSSBucket: 'A' }),
    async diskTooLarge() {
      const image = await newImage();
      const { db } = aliyun.installation.context;
      await db
        .updateTable('disks')
        .set({ size: 6 * 1024 ** 4 })
        .where('image', '=', image.id)
        .execute();
      const answer = await exporting(image);
      await db.updateTable('disks').set({ size: bytes.length }).where('image', '=', image.id).execute();
      return answer;
    },
    async exporting() {
      const image = await newImage();
      await exporting(image);
      return await exporting(image);
    },
    async bucketDenied() {
      const image = await newImage();
      server.intervene = () => ({ status: 403 });
      return await exporting(image);
    },
    imageNotFound: async () => await exporting(await newImage(), { RegionId: 'south' }),
  };

  it.each(rowsOf(withStore, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('needs an object store, and knows no vdi', async () => {
    const image = await newImage();
    expectFault(await exporting(image, { ImageFormat: 'vdi' }), exportImageFaults.formatUnsupported);
    expectFault(await exporting(image, { DryRun: true }), commonFaults.dryRunPassed);
    const installation = await createInstallation();
    const bare = await createTestAliyun({ on: installation });
    const { id } = await makeImage(installation.context, bare.caller, [bytes]);
    const { aliyunId } = await findImage(installation.context, bare.caller, id);
    const asked = { RegionId: 'north', ImageId: aliyunId, OSSBucket: 'images' };
    expectFault(await bare.client.call('ExportImage', asked), noObjectStore);
    await bare.close();
    await installation.close();
  });
});

describe('tasks', () => {
  it('are listed by what they are asked for by, each account its own', async () => {
    const [one, two] = [(await importing()).body, (await importing()).body];
    await call('CancelTask', { TaskId: one.TaskId });
    const listed = async (parameters: AliyunParameters = {}) => {
      const { body } = await call('DescribeTasks', parameters);
      return body.TaskSet.Task.map(({ TaskId }: { TaskId: string }) => TaskId);
    };
    expect(await listed()).toEqual([two.TaskId, one.TaskId]);
    expect(await listed({ TaskIds: `${one.TaskId},${two.TaskId}` })).toEqual([two.TaskId, one.TaskId]);
    expect(await listed({ TaskStatus: 'Failed' })).toEqual([one.TaskId]);
    expect(await listed({ TaskStatus: 'Paused' })).toEqual([two.TaskId, one.TaskId]);
    expect(await listed({ TaskAction: 'ModifyDiskSpec' })).toEqual([]);
    expect(await listed({ 'ResourceIds.1': two.ImageId })).toEqual([two.TaskId]);
    expect(await listed({ StartTime: '2020-01-01T00:00:00Z', EndTime: '2099-01-01T00:00Z' })).toHaveLength(2);
    expect(await listed({ EndTime: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await listed({ TaskGroupId: 'g-1' })).toEqual([]);
    expect(await listed({ PageSize: 1, PageNumber: 2 })).toEqual([one.TaskId]);
    expect(await listed({ RegionId: 'south' })).toEqual([]);
    expectFault(await call('DescribeTasks', { StartTime: 'yesterday' }), commonFaults.invalidParameter);
    const other = await aliyun.client.call('DescribeTasks', { RegionId: 'north', TaskIds: one.TaskId });
    expect(other).toMatchObject({ body: { TotalCount: 0 } });
  });

  it('are cancelled with the image that they make', async () => {
    const { TaskId, ImageId } = (await importing()).body;
    const viewer = await aliyun.newClient('viewer', caller);
    expectFault(await viewer.call('CancelTask', { RegionId: 'north', TaskId }), commonFaults.forbidden);
    expect(await call('CancelTask', { TaskId })).toMatchObject({ status: 200 });
    expect((await call('DescribeImages', { ImageId, Status: 'ALL' })).body.TotalCount).toBe(0);
    const { body } = await call('DescribeTaskAttribute', { TaskId });
    expect(body.OperationProgressSet.OperationProgress[0]).toMatchObject({ ErrorCode: 'cancelled' });
  });

  const provocations: Provocations<typeof cancelTaskFaults> = {
    taskRegionNotFound: async () => await call('CancelTask', { RegionId: 'east', TaskId: 'tsk-1' }),
    taskNotFound: async () => await call('CancelTask', { RegionId: 'south', TaskId: (await importing()).body.TaskId }),
    async taskEnded() {
      const { TaskId } = (await importing()).body;
      await call('CancelTask', { TaskId });
      return await call('CancelTask', { TaskId });
    },
  };

  it.each(rowsOf(cancelTaskFaults, provocations))('say what their table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('do not exist for others', async () => {
    const { body } = await importing();
    const asked = { RegionId: 'north', TaskId: body.TaskId };
    expectFault(await aliyun.client.call('DescribeTaskAttribute', asked), cancelTaskFaults.taskNotFound);
    expectFault(await aliyun.client.call('CancelTask', asked), cancelTaskFaults.taskNotFound);
    // By its UUID nothing is known here.
    const { id } = await findTask(aliyun.installation.context, caller, body.TaskId);
    expectFault(await call('DescribeTaskAttribute', { TaskId: id }), cancelTaskFaults.taskNotFound);
  });
});
