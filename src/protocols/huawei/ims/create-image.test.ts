/** CreateImage, CreateDataImage, ImportImageQuick and CreateWholeImage. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { copyImage, finishCopy, readBytes, until } from '../../../../test/support/installation.ts';
import { type KeyEnding, keyEndings } from '../../../../test/support/key-endings.ts';
import { type ObjectServer, startObjectServer } from '../../../../test/support/object-server.ts';
import { openObjectServer } from '../../../../test/support/open-object-server.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { listImages } from '../../../app/list-images.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { findTask } from '../../../app/tasks/find-task.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { updateImage } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { runTasks } from '../../../jobs/run-tasks.ts';
import { createTaskContext } from '../../../main/tasks.ts';
import type { ObjectStore } from '../../../objects/object-store.ts';
import { commonFaults } from '../common-faults.ts';
import { fromHexId, toHexId } from '../ids.ts';
import { createDataImage } from './create-data-image.ts';
import { createWholeImage } from './create-whole-image.ts';
import { createImageFaults } from './import-faults.ts';
import { quickImportImage } from './quick-import.ts';

const bytes = randomBytes(200_000);
const GiB = 1024 ** 3;
/** Objects that nobody could keep in memory. */
const sizes: Readonly<Record<string, number>> = { 'huge.raw': 128 * GiB + 1, 'full.raw': 128 * GiB };

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
      return { ...facts, size: sizes[place.object] ?? facts.size };
    },
  };
  huawei = await createTestHuawei({ installation: { objects } });
  bucket = server.buckets.get('images') as Map<string, Buffer>;
  for (const name of ['debian.raw', 'data.raw', 'more.raw', 'cd.iso', 'huge.raw', 'full.raw']) bucket.set(name, bytes);
  bucket.set('empty', Buffer.alloc(0));
});
beforeEach(async () => {
  server.intervene = () => undefined;
  caller = await huawei.installation.newCaller();
  client = await huawei.newClient('operator', { caller });
});
afterEach(() => huawei.installation.expectSound());
afterAll(async () => {
  await huawei.close();
  objects.close();
  await server.close();
});

const create = (body: object = {}, by = client) =>
  by.call('POST', '/v2/cloudimages/action', {
    body: { name: 'golden', image_url: 'images:debian.raw', min_disk: 40, ...body },
  });
const createData = (body: object = {}) =>
  client.call('POST', '/v1/cloudimages/dataimages/action', {
    body: { name: 'golden', image_url: 'images:data.raw', min_disk: 100, ...body },
  });
const quickImport = (body: object = {}) =>
  client.call('POST', '/v2/cloudimages/quickimport/action', {
    body: { name: 'golden', image_url: 'images:debian.raw', min_disk: 40, os_version: 'CentOS 7.3 64bit', ...body },
  });
const createWhole = (body: object = {}) =>
  client.call('POST', '/v1/cloudimages/wholeimages/action', {
    body: { name: 'golden', instance_id: randomUUID(), ...body },
  });

async function taskOf({ status, body }: { readonly status: number; readonly body: { readonly job_id: string } }) {
  expect({ status, body }).toEqual({ status: 200, body: { job_id: expect.stringMatching(/^[0-9a-f]{32}$/) } });
  return await findTask(huawei.installation.context, caller, fromHexId(body.job_id) as string);
}

async function imageOf(answer: Parameters<typeof taskOf>[0]): Promise<Image> {
  return await findImage(huawei.installation.context, caller, (await taskOf(answer)).imageId);
}

async function imagesOf(): Promise<readonly Image[]> {
  const query = { owner: ['self'], sort: 'name', descending: false, limit: 10 } as const;
  return (await listImages(huawei.installation.context, caller, query)).images;
}

async function newKey(ended?: KeyEnding): Promise<string> {
  const { id } = await makeKey(huawei.installation, caller);
  if (ended !== undefined) await keyEndings[ended](huawei.installation.context, caller, id);
  return id;
}

/** Until everything that was accepted has ended. */
async function work(...tasks: readonly string[]): Promise<void> {
  const { context } = huawei.installation;
  const stopping = new AbortController();
  const settings = { concurrency: 2, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(context, objects, settings), stopping.signal);
  for (const task of tasks) await until(async () => (await findTask(context, caller, task)).finishedAt !== null);
  stopping.abort();
  await done;
}

/** Until all that the account has asked for has ended. */
async function workAll(): Promise<void> {
  const { db } = huawei.installation.context;
  const tasks = await db.selectFrom('tasks').select('id').where('account', '=', caller.accountId).execute();
  await work(...tasks.map(({ id }) => id));
}

describe('an image of an object', () => {
  it('is made with all that is said of it, and is active when its job has succeeded', async () => {
    const { context } = huawei.installation;
    const { result: group } = await createResourceGroup(context, caller, { name: 'a-group', description: '' });
    const answer = await create({
      description: 'from a bucket',
      os_version: 'CentOS 7.3 64bit',
      architecture: 'x86',
      hw_firmware_type: 'uefi',
      type: 'BMS',
      is_config: true,
      is_quick_import: 'false',
      cmk_id: '',
      min_ram: 1024,
      max_ram: '4096',
      image_tags: [{ key: ' env ', value: 'prod' }, { key: 'empty' }],
      enterprise_project_id: group.id,
      license_type: 'BYOL',
    });
    const task = await taskOf(answer);
    await work(task.id);
    const image = await imageOf(answer);
    expect(image).toMatchObject({
      region: 'north',
      projectId: fromHexId(await huawei.projectOf('north', caller)),
      name: 'golden',
      description: 'from a bucket',
      kind: 'system-disk',
      state: 'available',
      resourceGroupId: group.id,
      tags: { env: 'prod', empty: '' },
      attributes: {
        osType: 'linux',
        osVersion: 'CentOS 7.3 64bit',
        osBits: 64,
        platform: 'CentOS',
        architecture: 'x86_64',
        bootMode: 'uefi',
        licenseType: 'BYOL',
        minDiskGiB: 40,
        minRamMiB: 1024,
        maxRamMiB: 4096,
      },
      properties: { virtual_env_type: 'Ironic', __is_config_init: 'false' },
      disks: [{ role: 'system', format: 'raw', size: bytes.length }],
    });
    expect((await readBytes(context, caller, image.id)).equals(bytes)).toBe(true);
    const listed = await client.call('GET', '/v2/cloudimages', { query: { id: image.id } });
    expect(listed.body.images).toMatchObject([
      {
        status: 'active',
        min_disk: 40,
        min_ram: 1024,
        max_ram: '4096',
        virtual_env_type: 'Ironic',
        __root_origin: 'file',
        __data_origin: 'file,images:debian.raw',
        __os_version: 'CentOS 7.3 64bit',
        __os_type: 'Linux',
        __platform: 'CentOS',
        __image_source_type: 'uds',
        hw_firmware_type: 'uefi',
        enterprise_project_id: group.id,
      },
    ]);
  });

  it('tells its account alone which object, and copies of it nobody', async () => {
    const { context } = huawei.installation;
    const task = await taskOf(await create());
    await work(task.id);
    const { imageId } = task;
    const shown = async (id: string, of = caller) => {
      const by = await huawei.newClient('viewer', { caller: of });
      const answers = [
        await by.call('GET', '/v2/cloudimages', { query: { id } }),
        await by.call('GET', `/v2/images/${id}`),
        await by.call('GET', '/v1.1/images/detail'),
      ];
      for (const { status } of answers) expect(status).toBe(200);
      expect(answers[1]?.body).toMatchObject({ id });
      // What every dialect shows is of this.
      const image = await findImage(context, of, id);
      return JSON.stringify([image, ...answers.map(({ body }) => body)]);
    };
    const place = /debian\.raw|_origin":"file/;
    expect(await shown(imageId)).toContain('"__data_origin":"file,images:debian.raw"');
    await updateImage(context, caller, imageId, { visibility: 'public' });
    const stranger = await huawei.installation.newCaller();
    expect(await shown(imageId, stranger)).not.toMatch(place);
    for (const of of [caller, stranger]) {
      const { id, destinationImageId } = await copyImage(context, of, { image: imageId, region: 'north' });
      await finishCopy(huawei.installation, of, id);
      expect(await shown(destinationImageId, of)).not.toMatch(place);
    }
  });

  it('may say next to nothing, has words for tags, and lies in the project of the request', async () => {
    const { context } = huawei.installation;
    const project = { region: 'south', name: 'south_golden', description: '' };
    const { result } = await createProject(context, caller, project);
    const projectId = toHexId(result.id);
    const owner = createHuaweiClient({
      url: huawei.url,
      form: 'huawei',
      ...(await huawei.newKey('owner', caller)),
      projectId,
    });
    const tags = ['env.prod', 'version=1.2', 'alone'];
    const image = await imageOf(
      await owner.call('POST', '/v2.1/cloudimages/action', {
        body: {
          name: 'golden',
          image_url: 'images:debian.raw',
          min_disk: '40',
          tags,
          os_version: 'Mine 1',
          description: '',
        },
      }),
    );
    expect(image).toMatchObject({
      region: 'south',
      projectId: result.id,
      description: '',
      resourceGroupId: null,
      tags: { env: 'prod', version: '1.2', alone: '' },
      attributes: { osVersion: 'Mine 1', minDiskGiB: 40 },
    });
    expect(image.properties).toEqual({});
  });

  it.each<[string, object, object]>([
    [
      'Windows by its version',
      { os_version: 'Windows Server 2012 R2 Standard 64bit' },
      { osType: 'windows', platform: 'Windows' },
    ],
    [
      'what os_type says, whatever its version',
      { os_version: 'CentOS 7.3 64bit', os_type: 'Windows' },
      { osType: 'windows' },
    ],
    [
      "Arm's, with the firmware that such machines have",
      { architecture: 'arm' },
      { architecture: 'arm64', bootMode: 'uefi' },
    ],
    ['without a limit of memory', { max_ram: 0, min_ram: 0 }, { minRamMiB: 0 }],
  ])('is %s', async (_, body, attributes) => {
    const image = await imageOf(await create(body));
    expect(image.attributes).toMatchObject(attributes);
    expect(image.attributes).not.toHaveProperty('maxRamMiB');
  });

  it('is of a system that is neither Linux nor Windows, and so are its data disks', async () => {
    const data_images = [{ image_url: 'images:data.raw', min_disk: 10 }];
    expect((await create({ os_type: 'Other', os_version: 'CentOS 7.3 64bit', data_images })).status).toBe(200);
    const images = await imagesOf();
    expect(images).toHaveLength(2);
    for (const { attributes, properties } of images) {
      expect(properties).toMatchObject({ __os_type: 'Other' });
      expect(attributes).not.toHaveProperty('osType');
    }
    const listed = await client.call('GET', '/v2/cloudimages', { query: { __os_type: 'Other' } });
    expect(listed.body.images).toMatchObject([{ __os_type: 'Other' }, { __os_type: 'Other' }]);
  });

  it('has 40 GB at least, on Open Telekom Cloud one', async () => {
    for (const made of [create, quickImport]) {
      expect((await made({ min_disk: 40 })).status).toBe(200);
      for (const min_disk of [1, 39, 1025]) expectImageFault(await made({ min_disk }), createImageFaults.sizeInvalid);
    }
    await atOtc(async (otc) => {
      expect((await create({ min_disk: 1 }, otc)).status).toBe(200);
      expectImageFault(await create({ min_disk: 0 }, otc), createImageFaults.sizeInvalid, 'otc');
      const quick = { min_disk: 1, is_quick_import: true, os_version: 'CentOS 7.3 64bit' };
      expect((await create(quick, otc)).status).toBe(200);
    });
  });

  it.each([
    ['its type', { type: 'IsoImage', image_url: 'images:debian.raw' }],
    ["the object's name", { image_url: 'images:cd.iso' }],
  ])('is a CD by %s, and fails if it is none', async (_, body) => {
    const answer = await create({ ...body, os_version: 'Debian GNU/Linux 12.0.0 64bit' });
    const task = await taskOf(answer);
    expect(await imageOf(answer)).toMatchObject({ kind: 'iso', disks: [{ format: 'iso' }] });
    await work(task.id);
    const { body: job } = await client.call('GET', `/v1/cloudimages/job/${answer.body.job_id}`);
    expect(job).toMatchObject({
      status: 'FAIL',
      job_type: 'imsImportImageJob',
      error_code: 'IMG.0057',
      fail_reason: expect.stringMatching(/iso/),
    });
  });

  it('may be as large as the limit, and so may one that is imported quickly', async () => {
    expect((await create({ image_url: 'images:full.raw' })).status).toBe(200);
    const quick = { image_url: 'images:huge.raw', is_quick_import: true, os_version: 'CentOS 7.3 64bit' };
    expect((await create({ ...quick, min_disk: 1024 })).status).toBe(200);
    expectImageFault(await create({ ...quick, min_disk: 128 }), createImageFaults.objectTooLarge);
  });

  it('comes with images of data disks, each an image of its own, and one job tells of all', async () => {
    const answer = await create({
      os_type: 'Windows',
      data_images: [
        { image_url: 'images:data.raw', min_disk: 10, name: 'logs', description: 'of it', tags: ['a'] },
        { image_url: 'images:more.raw', min_disk: 2048, is_quick_import: true },
      ],
    });
    expect(answer.status).toBe(200);
    const shown = async () => (await client.call('GET', `/v1/cloudimages/job/${answer.body.job_id}`)).body;
    const images = await imagesOf();
    expect(images).toMatchObject([
      { name: 'golden', kind: 'system-disk' },
      { name: 'golden-data-2', kind: 'data-disk', attributes: { osType: 'windows', minDiskGiB: 2048 } },
      { name: 'logs', kind: 'data-disk', description: 'of it', tags: { a: '' }, disks: [{ role: 'data' }] },
    ]);
    expect(await shown()).toMatchObject({ status: 'INIT', job_type: 'imsImportImageJob' });
    await workAll();
    expect(await shown()).toMatchObject({
      status: 'SUCCESS',
      job_id: answer.body.job_id,
      entities: { image_id: images[0]?.id, image_name: 'golden', process_percent: 1 },
    });
  });

  it('gives a data disk without a name as much of its own as fits', async () => {
    const name = `${'x'.repeat(119)}𠀀${'y'.repeat(7)}`;
    await create({ name, data_images: [{ image_url: 'images:data.raw', min_disk: 10 }] });
    expect((await imagesOf()).map((image) => image.name)).toEqual([`${'x'.repeat(119)}-data-1`, name]);
  });

  it('is not made when one of its data disks is refused', async () => {
    const gone = [{ image_url: 'images:gone', min_disk: 10 }];
    expectImageFault(await create({ data_images: gone }), createImageFaults.objectNotFound);
    await limit({ images: 1 });
    const data = [{ image_url: 'images:data.raw', min_disk: 10 }];
    expectImageFault(await create({ data_images: data }), createImageFaults.imageQuota);
    expect(await imagesOf()).toEqual([]);
  });

  it('is not made where its key cannot be used, which the object is looked at before', async () => {
    const [none, disabled] = [randomUUID(), await newKey('disabled')];
    expectImageFault(await create({ cmk_id: none, image_url: 'images:gone' }), createImageFaults.objectNotFound);
    for (const made of [create, createData, quickImport]) {
      expectImageFault(await made({ cmk_id: none }), createImageFaults.keyNotFound);
      expectImageFault(await made({ cmk_id: 'default' }), createImageFaults.keyNotFound);
      expectImageFault(await made({ cmk_id: disabled }), createImageFaults.keyDisabled);
    }
    const both = { cmk_id: none, data_images: [{ image_url: 'images:data.raw', min_disk: 10 }] };
    expectImageFault(await create(both), createImageFaults.keyNotFound);
    expect(await imagesOf()).toEqual([]);
  });

  it('is encrypted with the key that it names, and so are the data disks that come with it', async () => {
    const { context } = huawei.installation;
    const cmk_id = await newKey();
    const data_images = [{ image_url: 'images:more.raw', min_disk: 10 }];
    for (const answer of [
      await create({ cmk_id, data_images }),
      await createData({ cmk_id }),
      await quickImport({ cmk_id }),
    ]) {
      expect(answer.status).toBe(200);
    }
    await workAll();
    const images = await imagesOf();
    expect(images.map(({ state, disks }) => [state, disks[0]?.key])).toEqual(Array(4).fill(['available', cmk_id]));
    for (const { id } of images) expect((await readBytes(context, caller, id)).equals(bytes)).toBe(true);
    const listed = await client.call('GET', '/v2/cloudimages', { query: { __system__cmkid: cmk_id } });
    expect(listed.body.images).toHaveLength(4);
  });

  it('fails its job when its key is disabled meanwhile', async () => {
    const cmk_id = await newKey();
    const { body } = await create({ cmk_id });
    await keyEndings.disabled(huawei.installation.context, caller, cmk_id);
    await workAll();
    const job = await client.call('GET', `/v1/cloudimages/job/${body.job_id}`);
    expect(job.body).toMatchObject({
      status: 'FAIL',
      error_code: 'IMG.0097',
      fail_reason: expect.stringContaining(cmk_id),
    });
  });
});

/** With a client of the same account to a server that keeps to the habits of Open Telekom Cloud. */
async function atOtc(work: (otc: HuaweiClient) => Promise<void>): Promise<void> {
  const otc = await createTestHuawei({ on: huawei.installation, settings: { site: 'otc' } });
  const key = await huawei.newKey('operator', caller);
  await work(createHuaweiClient({ url: otc.url, form: 'otc', ...key }));
  await otc.close();
}

async function limit(limits: { images?: number; bytes?: number }) {
  const { context, operator } = huawei.installation;
  await setQuotas(context, operator, caller.accountId, 'north', limits);
}

async function createWhenStoreSays(status: number) {
  server.intervene = () => ({ status });
  return await create();
}

const data = (each: object) => create({ data_images: [{ image_url: 'images:data.raw', min_disk: 10, ...each }] });
const many = Array.from({ length: 11 }, (_, index) => `k${index}`);

const provocations: Provocations<typeof createImageFaults> = {
  nameMissing: () => create({ name: '' }),
  nameTooLong: () => create({ name: 'x'.repeat(129) }),
  nameMalformed: () => create({ name: 'a/b' }),
  descriptionTooLong: () => create({ description: 'x'.repeat(1025) }),
  descriptionMalformed: () => create({ description: '<b>' }),
  sizeInvalid: () => create({ min_disk: 1025 }),
  tagInvalid: () => create({ tags: ['a.1', 'a.2'] }),
  tagQuota: () => create({ tags: many }),
  enterpriseProjectInvalid: () => create({ enterprise_project_id: randomUUID() }),
  async imageQuota() {
    await limit({ bytes: 1 });
    return await create();
  },
  urlMalformed: () => create({ image_url: 'debian.raw' }),
  bucketMissing: () => create({ image_url: ':debian.raw' }),
  bucketMalformed: () => create({ image_url: 'Images:debian.raw' }),
  bucketDenied: () => createWhenStoreSays(403),
  objectTooLong: () => create({ image_url: `images:${'x'.repeat(1025)}` }),
  objectSpaces: () => create({ image_url: 'images:a b' }),
  objectMalformed: () => create({ image_url: 'images:../x' }),
  objectNotFound: () => create({ image_url: 'images:gone' }),
  objectTooLarge: () => create({ image_url: 'images:huge.raw' }),
  formatUnsupported: () => create({ image_url: 'images:debian.ZVHD2' }),
  osTypeInvalid: () => create({ os_type: 'BeOS' }),
  osVersionInvalid: () => create({ os_version: ' CentOS' }),
  firmwareInvalid: () => create({ hw_firmware_type: 'coreboot' }),
  architectureInvalid: () => create({ architecture: 'x86_64' }),
  imageTypeInvalid: () => create({ type: 'DataImage' }),
  notQuick: () => create({ is_quick_import: true, os_version: 'CentOS 7.3 64bit', image_url: 'images:a.QCOW2' }),
  osVersionMissing: () => create({ is_quick_import: true }),
  sourceMissing: () => create({ image_url: undefined }),
  serverNotFound: () => create({ instance_id: randomUUID(), image_url: undefined, min_disk: undefined }),
  volumeNotFound: () => create({ volume_id: randomUUID(), image_url: undefined, os_version: 'CentOS 7.3 64bit' }),
  isoVersionMissing: () => create({ image_url: 'images:cd.iso' }),
  tooManyImages: () => create({ data_images: Array(4).fill({ image_url: 'images:data.raw', min_disk: 10 }) }),
  objectTwice: () => data({ image_url: 'images:debian.raw' }),
  keyNotFound: () => create({ cmk_id: randomUUID() }),
  keyDisabled: async () => create({ cmk_id: await newKey('disabled') }),
  keyDenied: async () => create({ cmk_id: await newKey('denied') }),
  isBareMetal: async () => create({ cmk_id: await newKey(), type: 'BMS' }),
};

it.each(rowsOf(createImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
  expectImageFault(await provoke(huawei), fault);
});

describe('the other ways to the same rows', () => {
  const { sizeInvalid, tagInvalid, bucketDenied, urlMalformed, imageTypeInvalid, notQuick } = createImageFaults;

  it('sizes, tags and places that break their rules in another way', async () => {
    for (const body of [{ min_disk: undefined }, { min_disk: 0 }, { min_ram: -1 }, { max_ram: 'much' }]) {
      expectImageFault(await create(body), sizeInvalid);
    }
    for (const word of ['a.b.c', '.a', 'a.', 'a b.c', 'a.\u00fc', 'a.b/c']) {
      expectImageFault(await create({ tags: [word] }), tagInvalid);
    }
    for (const body of [{ tags: [''] }, { image_tags: [{ key: 'k'.repeat(37) }] }, { tags: [`k=${'v'.repeat(44)}`] }]) {
      expectImageFault(await create(body), tagInvalid);
    }
    expectImageFault(await create({ tags: ['a'], image_tags: [{ key: 'b' }] }), commonFaults.bodyInvalid);
    expectImageFault(await create({ image_url: 'images:' }), urlMalformed);
    expectImageFault(await create({ image_url: 7 }), urlMalformed);
    expectImageFault(await create({ image_url: 'images:empty' }), createImageFaults.objectNotFound);
    expectImageFault(await create({ image_url: 'elsewhere:debian.raw' }), bucketDenied);
    const cd = { image_url: 'images:cd.iso', os_version: 'CentOS 7.3 64bit' };
    expectImageFault(await create({ ...cd, type: 'Ironic' }), imageTypeInvalid);
    expectImageFault(await create({ ...cd, is_quick_import: true }), notQuick);
    expectImageFault(await data({ min_disk: 2049 }), sizeInvalid);
    expectImageFault(await data({ min_disk: undefined }), sizeInvalid);
    expectImageFault(await data({ image_url: undefined }), urlMalformed);
    expectImageFault(await data({ volume_id: randomUUID() }), createImageFaults.volumeNotFound);
    expectImageFault(await data({ tags: ['a', 'a'] }), tagInvalid);
  });

  it('an architecture that is none, in the words of the site', async () => {
    await atOtc(async (otc) => {
      const answer = await create({ architecture: 'vax' }, otc);
      expectImageFault(answer, createImageFaults.architectureInvalid, 'otc');
      expect(answer.body.error.message).toBe('The value of Architecture must be x86 or Arm.');
    });
  });

  it('an installation without an object store, a store that is away, and a viewer', async () => {
    const { installation } = huawei;
    const storeless = { ...installation, context: { ...installation.context, objects: undefined } };
    const bare = await createTestHuawei({ on: storeless });
    expectImageFault(await create({}, bare.client), bucketDenied);
    await bare.close();
    const away = await createWhenStoreSays(500);
    expect(away).toMatchObject({ status: 503, body: { error_code: commonFaults.unavailable.code } });
    expectImageFault(await create({}, await huawei.newClient('viewer', { caller })), commonFaults.forbidden);
  });

  it('what a data image does not have, or has otherwise', async () => {
    const { faults } = createDataImage;
    const rowOf = (name: keyof typeof createImageFaults) => faults[name] as typeof sizeInvalid;
    expectImageFault(await createData({ image_url: undefined }), rowOf('urlMalformed'));
    expectImageFault(await createData({ min_disk: 2049 }), rowOf('sizeInvalid'));
    expectImageFault(await createData({ os_type: 'Other' }), rowOf('osTypeInvalid'));
    expectImageFault(await createData({ name: undefined }), rowOf('nameMissing'));
    expectImageFault(await createData({ image_url: 'images:huge.raw' }), rowOf('objectTooLarge'));
  });

  it('what a quick import does not take', async () => {
    const { faults } = quickImportImage;
    const rowOf = (name: keyof typeof createImageFaults) => faults[name] as typeof sizeInvalid;
    expectImageFault(await quickImport({ os_version: undefined }), rowOf('osVersionMissing'));
    expectImageFault(await quickImport({ min_disk: 1025 }), rowOf('sizeInvalid'));
    expectImageFault(await quickImport({ type: 'IsoImage' }), rowOf('imageTypeInvalid'));
    expectImageFault(await quickImport({ image_url: 'images:a.vhd' }), rowOf('notQuick'));
    expectImageFault(await quickImport({ type: 'DataImage', os_type: 'Other' }), rowOf('osTypeInvalid'));
    expectImageFault(await quickImport({ image_url: 'images:a.zvhd' }), rowOf('formatUnsupported'));
    expectImageFault(await quickImport({ image_url: 'images:huge.raw' }), rowOf('objectTooLarge'));
  });
});

it('an image of a data disk is of that kind, and Linux if nothing else is said', async () => {
  const answer = await createData({ tags: ['a.1'], description: 'logs' });
  const task = await taskOf(answer);
  await work(task.id);
  expect(await imageOf(answer)).toMatchObject({
    kind: 'data-disk',
    state: 'available',
    tags: { a: '1' },
    attributes: { osType: 'linux', minDiskGiB: 100 },
    properties: {},
    disks: [{ role: 'data' }],
  });
  const { body } = await client.call('GET', `/v1/cloudimages/job/${answer.body.job_id}`);
  expect(body).toMatchObject({ status: 'SUCCESS', job_type: 'imsImportDataImageJob' });
});

it.each<[string, object, object]>([
  ['a system disk', { type: 'BMS' }, { kind: 'system-disk', properties: { virtual_env_type: 'Ironic' } }],
  ['another system', { os_type: 'Other' }, { kind: 'system-disk', properties: { __os_type: 'Other' } }],
  ['a data disk', { type: 'DataImage', os_version: undefined, min_disk: 2048 }, { kind: 'data-disk' }],
])('a quick import of %s takes it for raw', async (_, body, expected) => {
  expect(await imageOf(await quickImport(body))).toMatchObject({ ...expected, disks: [{ format: 'raw' }] });
});

describe('an image of a whole machine', () => {
  const rows = createWholeImage.faults;
  const rowOf = (name: string) => rows[name] as typeof createImageFaults.sizeInvalid;

  it.each<[string, object, string]>([
    ['a server', {}, 'serverNotFound'],
    ['nothing', { instance_id: undefined }, 'sourceMissing'],
    ['a backup', { instance_id: undefined, backup_id: randomUUID() }, 'backupNotFound'],
    ['a backup of the newer kind', { instance_id: '', backup_id: 'x', whole_image_type: 'CBR' }, 'cbrBackupNotFound'],
    ['what has no name', { name: undefined }, 'nameMissing'],
    ['what has too much memory', { max_ram: 2 ** 31 }, 'sizeInvalid'],
    ['what has a tag twice', { image_tags: [{ key: 'a' }, { key: 'a' }] }, 'tagInvalid'],
    ['what is described too well', { description: 'x'.repeat(1025) }, 'descriptionTooLong'],
    ['no enterprise project', { enterprise_project_id: 'x' }, 'enterpriseProjectInvalid'],
  ])('is not made of %s', async (_, body, row) => {
    expectImageFault(await createWhole(body), rowOf(row));
  });
});
