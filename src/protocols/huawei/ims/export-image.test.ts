/** ExportImage and RegisterImage. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makeImage, readBytes, until } from '../../../../test/support/installation.ts';
import { keyEndings } from '../../../../test/support/key-endings.ts';
import { type ObjectServer, startObjectServer } from '../../../../test/support/object-server.ts';
import { openObjectServer } from '../../../../test/support/open-object-server.ts';
import { makeImageOfOthers, makePlainImage, type Seeing } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { createImage } from '../../../app/create-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { DiskFormat, Image, ImageKind } from '../../../domain/image.ts';
import { runTasks } from '../../../jobs/run-tasks.ts';
import { createTaskContext } from '../../../main/tasks.ts';
import type { ObjectStore } from '../../../objects/object-store.ts';
import { commonFaults } from '../common-faults.ts';
import { fromHexId } from '../ids.ts';
import { exportFaults } from './export-faults.ts';
import { registerFaults } from './register-image.ts';

const bytes = randomBytes(200_000);
const GiB = 1024 ** 3;

let server: ObjectServer;
let objects: ObjectStore;
let huawei: TestHuawei;
let bucket: Map<string, Buffer>;
/** Of a new account for each test. */
let caller: Caller;
let client: HuaweiClient;
beforeAll(async () => {
  server = await startObjectServer();
  const store = openObjectServer(server);
  objects = {
    ...store,
    async head(place, signal) {
      const facts = await store.head(place, signal);
      return place.object === 'huge.raw' ? { ...facts, size: 128 * GiB + 1 } : facts;
    },
  };
  huawei = await createTestHuawei({ installation: { objects } });
  bucket = server.buckets.get('images') as Map<string, Buffer>;
});
beforeEach(async () => {
  server.intervene = () => undefined;
  bucket.clear();
  bucket.set('there.raw', bytes).set('huge.raw', bytes).set('empty', Buffer.alloc(0));
  caller = await huawei.installation.newCaller();
  client = await huawei.newClient('operator', { caller });
});
afterAll(async () => {
  await huawei.close();
  objects.close();
  await server.close();
});

async function work(job: string): Promise<void> {
  const { context } = huawei.installation;
  const id = fromHexId(job) as string;
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(context, objects, settings), stopping.signal);
  await until(async () => (await findTask(context, caller, id)).finishedAt !== null);
  stopping.abort();
  await done;
}

const shown = async (job: string) => (await client.call('GET', `/v1/cloudimages/job/${job}`)).body;
const accepted = { status: 200, body: { job_id: expect.stringMatching(/^[0-9a-f]{32}$/) } };

/** An own image of another project, one of another region, and one of another account. */
async function imagesElsewhere(): Promise<readonly Image[]> {
  const { context, newCaller } = huawei.installation;
  const project = { region: 'north', name: 'north_other', description: '' };
  const { result } = await createProject(context, caller, project);
  return [
    await makePlainImage(context, caller, { projectId: result.id }),
    await makePlainImage(context, caller, { region: 'south' }),
    await makePlainImage(context, await newCaller()),
  ];
}

const imageOfOthers = (as: Seeing) => makeImageOfOthers(huawei.installation, caller, as);

describe('an export', () => {
  const newImage = (changes: Partial<NewImage> = {}) => makePlainImage(huawei.installation.context, caller, changes);
  const send = (image: string, body: object = {}, by = client) =>
    by.call('POST', `/v1/cloudimages/${image}/file`, {
      body: { bucket_url: `images:${randomUUID()}`, is_quick_export: true, ...body },
    });
  const sendNew = async (body: object = {}, changes: Partial<NewImage> = {}) =>
    await send((await newImage(changes)).id, body);
  const sendMeasuring = async (size: number, body: object = {}) => {
    const { id } = await newImage();
    const disk = { size, format: 'raw' as const };
    await huawei.installation.context.db.updateTable('disks').set(disk).where('image', '=', id).execute();
    return await send(id, body);
  };
  const real = (disks = 1) => makeImage(huawei.installation.context, caller, Array(disks).fill(bytes));

  it('is a job, and writes the bytes of the disk as they are', async () => {
    const { id } = await real();
    const answer = await send(id, { bucket_url: 'images:folder/out.raw' });
    expect({ status: answer.status, body: answer.body }).toEqual(accepted);
    expectImageFault(await send(id, { bucket_url: 'images:other' }), exportFaults.exporting);
    await work(answer.body.job_id);
    expect(bucket.get('folder/out.raw')?.equals(bytes)).toBe(true);
    expect(await shown(answer.body.job_id)).toMatchObject({
      status: 'SUCCESS',
      job_type: 'imsNativeExportImageJob',
      entities: { image_id: id, image_name: 'image', process_percent: 1 },
    });
  });

  it('opens what is encrypted, if its key can be used when it begins', async () => {
    const { installation } = huawei;
    const { id: key } = await makeKey(installation, caller);
    const { id } = await makeEncryptedImage(installation, caller, { disks: [bytes], key });
    await work((await send(id, { bucket_url: 'images:opened.raw' })).body.job_id);
    expect(bucket.get('opened.raw')?.equals(bytes)).toBe(true);
    await keyEndings.disabled(installation.context, caller, key);
    const { job_id } = (await send(id, { bucket_url: 'images:closed.raw' })).body;
    await work(job_id);
    expect(await shown(job_id)).toMatchObject({ status: 'FAIL', error_code: 'IMG.0097' });
    expect(bucket.has('closed.raw')).toBe(false);
  });

  it('that is not quick names the format of the disk, and what one that is names is not read', async () => {
    const path = `/v2.1/cloudimages/${(await real()).id}/file`;
    const ordinary = await client.call('POST', path, { body: { bucket_url: 'images:a', file_format: 'raw' } });
    expect({ status: ordinary.status, body: ordinary.body }).toEqual(accepted);
    for (const file_format of ['raw', 'qcow2', 'zvhd2', 'tar', '']) {
      expect((await send((await real()).id, { file_format })).status).toBe(200);
    }
    for (const file_format of [undefined, '', 'RAW', 'qcow2', 'zvhd', 'zvhd2', 'tar']) {
      const answer = await send((await real()).id, { is_quick_export: false, file_format });
      expectImageFault(answer, exportFaults.formatUnsupported);
    }
  });

  const provocations: Provocations<typeof exportFaults> = {
    imageIdMalformed: () => send('golden'),
    imageNotFound: () => send(randomUUID()),
    ownerOnly: async () => send((await imageOfOthers('shared')).id),
    publicImage: async () => send((await imageOfOthers('public')).id),
    imageUnavailable: () => sendNew({}, { state: 'queued' }),
    async exporting() {
      const { id } = await real();
      await send(id);
      return await send(id, { bucket_url: 'images:other' });
    },
    wholeMachine: () => sendNew({}, { kind: 'whole-machine' }),
    isIso: () => sendNew({}, { kind: 'iso' }),
    notExportable: async () => send((await real(2)).id),
    tooLarge: () => sendMeasuring(128 * GiB + 1, { is_quick_export: false, file_format: 'raw' }),
    formatUnsupported: async () => send((await real()).id, { is_quick_export: undefined, file_format: 'qcow2' }),
    urlMalformed: () => sendNew({ bucket_url: undefined }),
    bucketMissing: () => sendNew({ bucket_url: ':out' }),
    bucketMalformed: () => sendNew({ bucket_url: 'IMAGES:out' }),
    bucketDenied: () => sendNew({ bucket_url: 'elsewhere:out' }),
    objectTooLong: () => sendNew({ bucket_url: `images:${'x'.repeat(1025)}` }),
    objectSpaces: () => sendNew({ bucket_url: 'images:o u t' }),
    objectMalformed: () => sendNew({ bucket_url: 'images:out/../in' }),
    objectMissing: () => sendNew({ bucket_url: 'images:' }),
    objectExists: () => sendNew({ bucket_url: 'images:there.raw' }),
  };

  it.each(rowsOf(exportFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectImageFault(await provoke(huawei), fault);
  });

  it('has a limit when it is quick, too', async () => {
    expectImageFault(await sendMeasuring(626 * GiB), exportFaults.notExportable);
    expect((await sendMeasuring(129 * GiB)).status).toBe(200);
    expect((await sendMeasuring(128 * GiB, { is_quick_export: false, file_format: 'raw' })).status).toBe(200);
  });

  it('is not of an image that lies elsewhere, nor for a viewer', async () => {
    for (const { id } of await imagesElsewhere()) expectImageFault(await send(id), exportFaults.imageNotFound);
    const viewer = await huawei.newClient('viewer', { caller });
    expectImageFault(await send((await newImage()).id, {}, viewer), commonFaults.forbidden);
    server.intervene = () => ({ status: 403 });
    expectImageFault(await sendNew(), exportFaults.bucketDenied);
  });
});

describe('a registration', () => {
  const register = (image: string, place: unknown = 'images:there.raw', by = client) =>
    by.call('PUT', `/v1/cloudimages/${image}/upload`, { body: { image_url: place } });

  async function announced(kind: ImageKind = 'system-disk', formats: readonly (DiskFormat | null)[] = []) {
    const command = {
      region: 'north',
      name: 'golden',
      description: '',
      kind,
      rootDevice: 'cloud-disk',
      tags: {},
    } as const;
    const disks = formats.map((format) => ({ role: 'data', format, size: 10 }) as const);
    return (await createImage(huawei.installation.context, caller, { ...command, disks })).result;
  }
  const registerNew = async (place?: unknown) => await register((await announced()).id, place);

  it('gives an image without bytes those of the object', async () => {
    const { context } = huawei.installation;
    const { id } = await announced();
    const answer = await register(id);
    expect({ status: answer.status, body: answer.body }).toEqual(accepted);
    const job = { job_type: 'imsNativeImportImageJob', entities: { image_id: id, image_name: 'golden' } };
    expect(await shown(answer.body.job_id)).toMatchObject({ ...job, status: 'INIT' });
    await work(answer.body.job_id);
    expect(await shown(answer.body.job_id)).toMatchObject({ ...job, status: 'SUCCESS' });
    expect(await findImage(context, caller, id)).toMatchObject({
      state: 'available',
      disks: [{ role: 'system', format: 'raw' }],
    });
    expect((await readBytes(context, caller, id)).equals(bytes)).toBe(true);
  });

  it('knows data disks, and a CD that is none', async () => {
    const { context } = huawei.installation;
    const data = await announced('data-disk');
    expect((await register(data.id)).status).toBe(200);
    expect((await findImage(context, caller, data.id)).disks).toMatchObject([{ role: 'data' }]);
    const cd = await announced('iso');
    const { body } = await register(cd.id);
    await work(body.job_id);
    expect(await shown(body.job_id)).toMatchObject({ status: 'FAIL' });
    expect((await findImage(context, caller, cd.id)).state).toBe('failed');
    expectImageFault(await register(cd.id), registerFaults.imageUnavailable);
  });

  const provocations: Provocations<typeof registerFaults> = {
    imageIdMalformed: () => register('golden'),
    imageNotFound: () => register(randomUUID()),
    ownerOnly: async () => register((await imageOfOthers('shared')).id),
    urlMalformed: () => registerNew('there.raw'),
    bucketMissing: () => registerNew(':there.raw'),
    bucketMalformed: () => registerNew('i:there.raw'),
    bucketDenied: () => registerNew('elsewhere:there.raw'),
    objectTooLong: () => registerNew(`images:${'x'.repeat(1025)}`),
    objectSpaces: () => registerNew('images:a b'),
    objectMalformed: () => registerNew('images:./x'),
    objectNotFound: () => registerNew('images:empty'),
    objectTooLarge: () => registerNew('images:huge.raw'),
    formatUnsupported: () => registerNew('images:a.zvhd2'),
    async imageUnavailable() {
      const { id } = await announced();
      await register(id);
      return await register(id);
    },
    notSupported: async () => register((await announced('system-disk', [null, null])).id),
    async imageQuota() {
      const { context, operator } = huawei.installation;
      const { id } = await announced();
      await setQuotas(context, operator, caller.accountId, 'north', { bytes: 1 });
      return await register(id);
    },
  };

  it.each(rowsOf(registerFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectImageFault(await provoke(huawei), fault);
  });

  it('is not of an image that lies elsewhere or has its bytes, nor for a viewer', async () => {
    const { context } = huawei.installation;
    expectImageFault(await register((await makeImage(context, caller, [bytes])).id), registerFaults.imageUnavailable);
    const viewer = await huawei.newClient('viewer', { caller });
    expectImageFault(await register((await announced()).id, undefined, viewer), commonFaults.forbidden);
    const { result } = await createProject(context, caller, { region: 'north', name: 'north_x', description: '' });
    const { id } = await announced();
    await context.db.updateTable('images').set({ project: result.id }).where('id', '=', id).execute();
    expectImageFault(await register(id), registerFaults.imageNotFound);
  });
});
