import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createInstallation, finishCopy, type Installation, makeImage } from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import { insertPlainTask, makeImageOfOthers, makePlainImage, plainDisk } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { disableKey, enableKey } from '../../../app/keys/change-key.ts';
import { listImages } from '../../../app/list-images.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { shareImage } from '../../../app/share-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import { newSnapshot } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image.ts';
import type { QuotaKind } from '../../../domain/quota.ts';
import type { TaskKind } from '../../../domain/task.ts';
import { commonFaults } from '../common-faults.ts';
import { imageFaults } from '../image-faults.ts';
import { type Page, pages } from '../page.ts';
import { convertImageFaults } from './convert-image-faults.ts';
import { copyImagesFaults } from './copy-images-faults.ts';

const MiB = 1024 ** 2;

let installation: Installation;
let sides: Readonly<Record<Page, TestJdcloud>>;
beforeAll(async () => {
  installation = await createInstallation();
  const [newer, older] = await Promise.all(pages.map((page) => createTestJdcloud({ on: installation, page })));
  sides = { newer: newer as TestJdcloud, older: older as TestJdcloud };
});
afterAll(async () => {
  await Promise.all(Object.values(sides).map((side) => side.close()));
  await installation.close();
});

const newImage = (caller: Caller, changes: Partial<NewImage> = {}) =>
  makePlainImage(installation.context, caller, changes);

async function newImages(caller: Caller, count: number): Promise<Image[]> {
  const images: Image[] = [];
  for (let made = 0; made < count; made++) images.push(await newImage(caller, { name: `image-${made}` }));
  return images;
}

type Named = Pick<Image, 'jdcloudId'>;

function copy(client: JdcloudClient, images: readonly Named[], more: object = {}) {
  const sourceImageIds = images.map(({ jdcloudId }) => jdcloudId);
  const body = { sourceImageIds, destinationRegion: 'south', ...more };
  return client.call('POST', '/v1/regions/north/images:copyImages', { body });
}

async function copyNew({ client, caller }: TestJdcloud, more: object = {}, image: Partial<NewImage> = {}) {
  return await copy(client, [await newImage(caller, image)], more);
}

/** A caller with this quota in the south, and its client. */
async function limitedTo(jdcloud: TestJdcloud, kind: QuotaKind, limit: number) {
  const { operator, context, newCaller } = installation;
  const caller = await newCaller();
  await setQuotas(context, operator, caller.accountId, 'south', { [kind]: limit });
  return { caller, client: await jdcloud.newClient('operator', caller) };
}

async function copyBeyond(jdcloud: TestJdcloud, kind: QuotaKind) {
  const { caller, client } = await limitedTo(jdcloud, kind, 0);
  return await copy(client, [await newImage(caller)]);
}

async function beginTask(image: Image, kind: TaskKind): Promise<string> {
  const { id } = await inTransaction(installation.context.db, (trx) => insertPlainTask(trx, image, kind));
  return id;
}

const imagesIn = async (caller: Caller, region: string) =>
  (
    await listImages(installation.context, caller, {
      owner: 'self',
      region,
      sort: 'name',
      descending: false,
      limit: 50,
    })
  ).images;

const provocations: Provocations<typeof copyImagesFaults> = {
  regionInvalid: (jdcloud) => copyNew(jdcloud, { destinationRegion: 'nowhere' }),
  imageNotFound: ({ client }) => copy(client, [{ jdcloudId: 'img-0123456789' }]),
  async notUsable({ client, caller }) {
    return await copy(client, [await makeImageOfOthers(installation, caller, 'public')]);
  },
  notCloudDisk: (jdcloud) => copyNew(jdcloud, {}, { rootDevice: 'local-disk' }),
  statusInvalid: (jdcloud) => copyNew(jdcloud, {}, { state: 'copying' }),
  async taskConflict({ client, caller }) {
    const image = await newImage(caller);
    await beginTask(image, 'export');
    return await copy(client, [image]);
  },
  async busy({ client, caller }) {
    const image = await newImage(caller);
    expect((await copy(client, [image])).status).toBe(200);
    return await copy(client, [image]);
  },
  async encrypted({ client, caller }) {
    return await copy(client, [await makeEncryptedImage(installation, caller)]);
  },
  imageQuota: (jdcloud) => copyBeyond(jdcloud, 'images'),
  snapshotQuota: (jdcloud) => copyBeyond(jdcloud, 'snapshots'),
};

describe.each(pages)('on the %s page, copyImages', (page) => {
  it.each(rowsOf(copyImagesFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(sides[page]), fault);
  });
});

describe('what the rows name', () => {
  it('the first snapshot that is encrypted, of whichever image', async () => {
    const { client, caller } = sides.newer;
    const [plain, secret] = [await newImage(caller), await makeEncryptedImage(installation, caller)];
    const parts = [await makeImage(installation.context, caller, [randomBytes(9)]), secret];
    const cloudDisks = parts.map(({ disks }, index) => ({
      snapshotId: disks[0]?.snapshot.jdcloudId,
      deviceName: `vd${'ab'[index]}`,
    }));
    const body = { name: 'mixed', platform: 'CentOS', architecture: 'x86_64', bootMode: 'bios', cloudDisks };
    const made = await client.call('POST', '/v1/regions/north/images:createImageFromSnapshots', { body });
    const mixed = { jdcloudId: made.body.result.imageId };
    for (const destinationRegion of ['south', 'north']) {
      const answer = await copy(client, [plain, mixed], { destinationRegion });
      expectFault(answer, copyImagesFaults.encrypted, cloudDisks[1]?.snapshotId);
    }
    expect((await copy(client, [plain])).status).toBe(200);
  });

  it('the region, whichever of the two it is', async () => {
    const { client, caller } = sides.newer;
    expectFault(
      await copyNew(sides.newer, { destinationRegion: 'nowhere' }),
      copyImagesFaults.regionInvalid,
      'nowhere',
    );
    const { jdcloudId } = await newImage(caller);
    const body = { sourceImageIds: [jdcloudId], destinationRegion: 'south' };
    const elsewhere = await client.call('POST', '/v1/regions/elsewhere/images:copyImages', { body });
    expectFault(elsewhere, copyImagesFaults.regionInvalid, 'elsewhere');
  });

  it('the image that is not there: it lies elsewhere, is called by another id, is only offered, or nobody shares it', async () => {
    const { client, caller } = sides.newer;
    const [own, south] = [await newImage(caller), await newImage(caller, { region: 'south' })];
    const stranger = await installation.newCaller();
    const [hidden, offered] = [await newImage(stranger), await newImage(stranger)];
    await shareImage(installation.context, stranger, offered.id, caller.accountName);
    for (const id of [south.jdcloudId, own.id, own.aliyunId, hidden.jdcloudId, offered.jdcloudId, 'img-1']) {
      expectFault(await copy(client, [own, { jdcloudId: id }]), copyImagesFaults.imageNotFound, id);
    }
  });

  it.each([
    ['queued', 'pending'],
    ['uploading', 'pending'],
    ['failed', 'error'],
  ] as const)('the status of an image that is %s: %s', async (state, word) => {
    expectFault(await copyNew(sides.newer, {}, { state }), copyImagesFaults.statusInvalid, word);
  });

  it('the image that is busy, by the id that it was called by', async () => {
    const { client, caller } = sides.newer;
    const images = await newImages(caller, 2);
    expect((await copy(client, images.slice(1))).status).toBe(200);
    // Whichever region the first copy goes to.
    for (const destinationRegion of ['south', 'north']) {
      const again = await copy(client, images, { destinationRegion });
      expectFault(again, copyImagesFaults.busy, images[1]?.jdcloudId);
    }
  });

  it.each(['import', 'export'] as const)(
    'the %s that works on the image, also of one that has no bytes yet',
    async (kind) => {
      const { client, caller } = sides.newer;
      const image = await newImage(caller, { state: kind === 'import' ? 'uploading' : 'available' });
      const task = await beginTask(image, kind);
      expectFault(await copy(client, [image]), copyImagesFaults.taskConflict, task);
    },
  );
});

describe('sourceImageIds', () => {
  const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;
  it.each([
    ['are missing', undefined, parameterMissing],
    ['are null', null, parameterMissing],
    ['are none', [], parameterMissing],
    ['are an empty text', '', parameterMissing],
    ['are eleven', Array.from({ length: 11 }, (_, index) => `img-${index}`), outOfRange],
    ['name an image twice', ['img-0123456789', 'img-0123456789'], parameterInvalid],
    ['are no texts', [1], parameterInvalid],
    ['have an empty one', [''], parameterInvalid],
    ['have a null', ['img-0123456789', null], parameterInvalid],
    ['are no list', { id: 'img-0123456789' }, parameterInvalid],
  ])('refused where they %s', async (_, sourceImageIds, fault) => {
    expectFault(await copy(sides.newer.client, [], { sourceImageIds }), fault, 'sourceImageIds');
  });

  it('says so in the words of its siblings', async () => {
    const { body } = await copy(sides.newer.client, []);
    expect(body.error.message).toBe('Parameter SourceImageIds missing');
  });

  it('are one id where they are a text, as jdc sends it', async () => {
    const { client, caller } = sides.newer;
    const { jdcloudId } = await newImage(caller);
    const { body } = await copy(client, [], { sourceImageIds: jdcloudId });
    expect(body.result.copyImages).toEqual([{ destinationImageId: expect.any(String), sourceImageId: jdcloudId }]);
  });
});

it.each([
  ['no destinationRegion', { destinationRegion: null }, commonFaults.parameterMissing],
  ['a destinationRegion that is no text', { destinationRegion: 1 }, commonFaults.parameterInvalid],
  ['a name that is too long', { name: 'n'.repeat(33) }, commonFaults.parameterInvalid],
  ['a name with a space', { name: 'a b' }, commonFaults.parameterInvalid],
  ['a name with other letters', { name: 'ä' }, commonFaults.parameterInvalid],
  ['a description that is too long', { description: '描'.repeat(257) }, commonFaults.parameterInvalid],
])('refuses %s', async (_, more, fault) => {
  expectFault(await copyNew(sides.newer, more), fault, Object.keys(more)[0]);
});

it('is not for viewers, who are told nothing of the images', async () => {
  const viewer = await sides.newer.newClient('viewer');
  expectFault(await copy(viewer, [{ jdcloudId: 'img-0123456789' }]), commonFaults.forbidden, 'copy.create');
});

describe('accepted copies', () => {
  it('are answered in the order of the sources, with the same name and description for all', async () => {
    const { client, caller } = sides.newer;
    const images = (await newImages(caller, 10)).toReversed();
    const more = { name: '镜像.Golden_1-b', description: 'two\nlines', regionId: 'north' };
    const { status, body } = await copy(client, images, more);
    expect(status).toBe(200);
    expect(body).toEqual({
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      result: { copyImages: expect.any(Array) },
    });
    const pairs = body.result.copyImages;
    expect(pairs.map(({ sourceImageId }: never) => sourceImageId)).toEqual(images.map(({ jdcloudId }) => jdcloudId));
    for (const [index, { destinationImageId }] of pairs.entries()) {
      expect(destinationImageId).toMatch(/^img-[a-z0-9]{10}$/);
      expect(await findImage(installation.context, caller, destinationImageId)).toMatchObject({
        region: 'south',
        name: more.name,
        description: more.description,
        visibility: 'private',
        state: 'queued',
        sourceImageId: images[index]?.id,
      });
    }
  });

  it.each([{}, { name: null, description: null }, { name: '' }])('without a name have their own: %j', async (more) => {
    const { client, caller } = sides.newer;
    const images = await newImages(caller, 2);
    const { body } = await copy(client, images, more);
    for (const [index, { destinationImageId }] of body.result.copyImages.entries()) {
      expect(await findImage(installation.context, caller, destinationImageId)).toMatchObject({
        name: `image-${index}`,
        description: `Copied from image ${images[index]?.jdcloudId} in region north`,
      });
    }
  });

  it('are all of them or none: the tenth is refused, and there is no copy of the first', async () => {
    const caller = await installation.newCaller();
    const client = await sides.newer.newClient('operator', caller);
    const images = [...(await newImages(caller, 9)), await newImage(caller, { rootDevice: 'local-disk' })];
    expectFault(await copy(client, images), copyImagesFaults.notCloudDisk);
    expect(await imagesIn(caller, 'south')).toEqual([]);
    expect((await copy(client, images.slice(0, 9))).status).toBe(200);
    expect(await imagesIn(caller, 'south')).toHaveLength(9);
  });

  it.each([
    ['images', 3, imageFaults.imageQuota],
    ['snapshots', 6, imageFaults.snapshotQuota],
  ] as const)('take all that the quota of %s has, and not one more', async (kind, limit, fault) => {
    const withTwoDisks = () => ({
      disks: [0, 1].map((index) => ({ ...plainDisk, index, snapshot: newSnapshot(randomBytes) })),
    });
    const { caller, client } = await limitedTo(sides.newer, kind, limit);
    const images: Image[] = [];
    for (let made = 0; made < 4; made++) images.push(await newImage(caller, withTwoDisks()));
    expectFault(await copy(client, images), fault);
    expect(await imagesIn(caller, 'south')).toEqual([]);
    expect((await copy(client, images.slice(0, 3))).status).toBe(200);
    expectFault(await copy(client, images.slice(3)), fault);
  });

  it('are made once, when the same images are asked for in two orders at the same moment', async () => {
    const { client, caller } = sides.newer;
    const images = await newImages(caller, 5);
    const answers = await Promise.all([copy(client, images), copy(client, images.toReversed())]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(images.map(({ jdcloudId }) => `The image '${jdcloudId}' is busy`)).toContain(refused?.body.error.message);
  });

  it('of a shared image are private images of the caller', async () => {
    const { client, caller } = sides.newer;
    const image = await makeImageOfOthers(installation, caller, 'shared');
    const { body } = await copy(client, [image]);
    const [{ destinationImageId }] = body.result.copyImages;
    const made = await findImage(installation.context, caller, destinationImageId);
    expect(made).toMatchObject({ accountId: caller.accountId, visibility: 'private' });
  });

  it('may stay in the region', async () => {
    const { body } = await copyNew(sides.newer, { destinationRegion: 'north' });
    const [{ destinationImageId }] = body.result.copyImages;
    expect(await findImage(installation.context, sides.newer.caller, destinationImageId)).toMatchObject({
      region: 'north',
    });
  });
});

describe('on the older page', () => {
  it('nothing is copied inside its region', async () => {
    expectFault(await copyNew(sides.older, { destinationRegion: 'north' }), copyImagesFaults.regionInvalid, 'north');
  });

  it('nothing is copied that another account shares', async () => {
    const { client, caller } = sides.older;
    expectFault(
      await copy(client, [await makeImageOfOthers(installation, caller, 'shared')]),
      copyImagesFaults.notUsable,
    );
  });

  it('name and description are not even looked at', async () => {
    const { body } = await copyNew(sides.older, { name: 'not a name', description: 7 }, { name: 'golden' });
    const [{ destinationImageId, sourceImageId }] = body.result.copyImages;
    expect(await findImage(installation.context, sides.older.caller, destinationImageId)).toMatchObject({
      name: 'golden',
      description: `Copied from image ${sourceImageId} in region north`,
    });
  });
});

async function copyOf(caller: Caller, jdcloudId: string): Promise<string> {
  const { context } = installation;
  const { id: image } = await findImage(context, caller, jdcloudId);
  const copies = context.db.selectFrom('copies').select('id').where('destination_image', '=', image);
  return (await copies.executeTakeFirstOrThrow()).id;
}

it('is watched from pending to ready by describeImage, and can then be asked for again', async () => {
  const { context } = installation;
  const caller = await installation.newCaller();
  const client = await sides.newer.newClient('operator', caller);
  const image = await makeImage(context, caller, [randomBytes(4 * MiB)]);
  const { body } = await copy(client, [image]);
  const [{ destinationImageId }] = body.result.copyImages;
  const see = async () =>
    (await client.call('GET', `/v1/regions/south/images/${destinationImageId}`)).body.result.image;
  expect(await see()).toMatchObject({ status: 'pending', progress: '0' });
  expectFault(await copy(client, [image]), copyImagesFaults.busy, image.jdcloudId);

  // Progress is counted by MiB and written twice a second; in the middle the copy stands still for longer than that.
  installation.fail('south', { put: (call) => (call === 12 ? { delay: 1200 } : undefined) });
  let isDone = false;
  const running = finishCopy(installation, caller, await copyOf(caller, destinationImageId)).finally(() => {
    isDone = true;
  });
  const seen = [];
  while (!isDone) {
    seen.push(await see());
    await sleep(100);
  }
  installation.fail('south');
  expect(await running).toMatchObject({ state: 'succeeded' });
  const progress = seen.filter(({ status }) => status === 'pending').map((each) => Number(each.progress));
  expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  expect(progress.some((percent) => percent > 0 && percent < 100)).toBe(true);
  expect(Math.max(...progress)).toBeLessThan(100);
  expect(await see()).toMatchObject({ status: 'ready', progress: '100', imageSource: 'private' });

  const second = await copy(client, [image]);
  expect(second.status).toBe(200);
  expect(second.body.result.copyImages[0].destinationImageId).not.toBe(destinationImageId);
}, 15_000);

function convert(client: JdcloudClient, { jdcloudId }: Named, body?: object) {
  return client.call('POST', `/v1/regions/north/images/${jdcloudId}:convertImage`, { body });
}

async function convertNew({ client, caller }: TestJdcloud, changes: Partial<NewImage> = {}) {
  return await convert(client, await newImage(caller, { rootDevice: 'local-disk', ...changes }));
}

async function convertBeyond(jdcloud: TestJdcloud, kind: QuotaKind) {
  const { operator, context, newCaller } = installation;
  const caller = await newCaller();
  const image = await newImage(caller, { rootDevice: 'local-disk' });
  // What the image takes itself.
  await setQuotas(context, operator, caller.accountId, 'north', { [kind]: 1 });
  return await convert(await jdcloud.newClient('operator', caller), image);
}

const conversions: Provocations<typeof convertImageFaults> = {
  imageNotFound: ({ client }) => convert(client, { jdcloudId: 'img-0123456789' }),
  async notUsable({ client, caller }) {
    return await convert(client, await makeImageOfOthers(installation, caller, 'shared', { rootDevice: 'local-disk' }));
  },
  notLocalDisk: (jdcloud) => convertNew(jdcloud, { rootDevice: 'cloud-disk' }),
  statusInvalid: (jdcloud) => convertNew(jdcloud, { state: 'failed' }),
  async taskConflict({ client, caller }) {
    const image = await newImage(caller, { rootDevice: 'local-disk' });
    await beginTask(image, 'export');
    return await convert(client, image);
  },
  async busy({ client, caller }) {
    const image = await newImage(caller, { rootDevice: 'local-disk' });
    expect((await convert(client, image)).status).toBe(200);
    return await convert(client, image);
  },
  imageQuota: (jdcloud) => convertBeyond(jdcloud, 'images'),
  snapshotQuota: (jdcloud) => convertBeyond(jdcloud, 'snapshots'),
};

describe('convertImage', () => {
  it.each(rowsOf(convertImageFaults, conversions))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(sides.newer), fault);
  });

  it.each(pages)('makes a cloud-disk image beside the other, which can then be copied: %s page', async (page) => {
    const { context } = installation;
    const caller = await installation.newCaller();
    const client = await sides[page].newClient('operator', caller);
    const { id, jdcloudId, name } = await makeImage(context, caller, [randomBytes(5000)]);
    await context.db.updateTable('images').set({ root_device: 'local-disk' }).where('id', '=', id).execute();
    const { body } = await convert(client, { jdcloudId });
    const { imageId } = body.result;
    expect(body).toEqual({
      requestId: expect.any(String),
      result: { imageId: expect.stringMatching(/^img-[a-z0-9]{10}$/) },
    });
    expect(await finishCopy(installation, caller, await copyOf(caller, imageId))).toMatchObject({ state: 'succeeded' });
    const made = await client.call('GET', `/v1/regions/north/images/${imageId}`);
    expect(made.body.result.image).toMatchObject({
      name,
      desc: 'made by a test',
      rootDeviceType: 'cloudDisk',
      status: 'ready',
      progress: '100',
    });
    expectFault(await copy(client, [{ jdcloudId }]), copyImagesFaults.notCloudDisk);
    expect((await copy(client, [{ jdcloudId: imageId }])).status).toBe(200);
  });

  it('of an encrypted image makes one that has the same key, which has to be usable', async () => {
    const { context } = installation;
    const caller = await installation.newCaller();
    const client = await sides.newer.newClient('operator', caller);
    const key = await makeKey(installation, caller);
    const { id, jdcloudId } = await makeEncryptedImage(installation, caller, { key: key.id });
    await context.db.updateTable('images').set({ root_device: 'local-disk' }).where('id', '=', id).execute();
    await disableKey(context, caller, key.id);
    expectFault(await convert(client, { jdcloudId }), convertImageFaults.notUsable);
    await enableKey(context, caller, key.id);
    const { imageId } = (await convert(client, { jdcloudId })).body.result;
    expect(await finishCopy(installation, caller, await copyOf(caller, imageId))).toMatchObject({ state: 'succeeded' });
    expect((await findImage(context, caller, imageId)).disks).toMatchObject([{ key: key.id }]);
  });
});
