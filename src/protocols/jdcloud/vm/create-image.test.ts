import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { copyImage, makeImage } from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import type { Caller } from '../../../app/context.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import type { QuotaKind } from '../../../domain/quota.ts';
import { commonFaults } from '../common-faults.ts';
import { createImageFaults } from './create-image-faults.ts';
import { createImageFromSnapshotsFaults } from './create-image-from-snapshots-faults.ts';

let jdcloud: TestJdcloud;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
});
afterAll(() => jdcloud.close());

/** Ids of snapshots that an image stands on, of so many bytes each. */
async function newSnapshots(
  sizes: readonly number[],
  caller: Caller = jdcloud.caller,
  region?: 'south',
): Promise<string[]> {
  const { context } = jdcloud.installation;
  const disks = sizes.map((size) => randomBytes(size));
  const image = await makeImage(context, caller, disks, region);
  return image.disks.map(({ snapshot }) => snapshot.jdcloudId);
}

const asked = { name: 'golden', platform: 'CentOS', architecture: 'x86_64', bootMode: 'uefi' };

const create = (body: object, client: JdcloudClient = jdcloud.client) =>
  client.call('POST', '/v1/regions/north/images:createImageFromSnapshots', { body: { ...asked, ...body } });

const createOf = async (disk: object, more: object = {}) =>
  await create({ cloudDisks: [{ deviceName: 'vda', snapshotId: (await newSnapshots([1000]))[0], ...disk }], ...more });

async function createBeyond(kind: QuotaKind, limit: number) {
  const { context, operator, newCaller } = jdcloud.installation;
  const caller = await newCaller();
  const [snapshotId] = await newSnapshots([1000], caller);
  await setQuotas(context, operator, caller.accountId, 'north', { [kind]: limit });
  return await create({ cloudDisks: [{ deviceName: 'vda', snapshotId }] }, await jdcloud.newClient('operator', caller));
}

const faults = createImageFromSnapshotsFaults;

const provocations: Provocations<typeof faults> = {
  imageQuota: () => createBeyond('images', 1),
  // The snapshot's bytes count once for each image that stands on it.
  snapshotQuota: () => createBeyond('bytes', 1999),
  snapshotNotFound: () => createOf({ snapshotId: 'snapshot-0123456789' }),
  async snapshotStatus() {
    const { context } = jdcloud.installation;
    const image = await makeImage(context, jdcloud.caller, [randomBytes(1000)]);
    const { destinationImageId } = await copyImage(context, jdcloud.caller, { image: image.id, region: 'north' });
    const { disks } = await findImage(context, jdcloud.caller, destinationImageId);
    return await createOf({ snapshotId: disks[0]?.snapshot.jdcloudId });
  },
  systemDiskMissing: () => createOf({ deviceName: 'vdb' }),
  async deviceTwice() {
    const snapshots = await newSnapshots([1000, 1000]);
    return await create({ cloudDisks: snapshots.map((snapshotId) => ({ snapshotId, deviceName: 'vda' })) });
  },
  async diskTooSmall() {
    const [snapshotId] = await newSnapshots([1000]);
    const { db } = jdcloud.installation.context;
    const size = 2 * 1024 ** 3 + 1;
    await db.updateTable('snapshots').set({ size }).where('jdcloud_id', '=', String(snapshotId)).execute();
    return await create({ cloudDisks: [{ deviceName: 'vda', snapshotId, diskSizeGB: 2 }] });
  },
  async imageGone() {
    const [snapshotId] = await newSnapshots([1000]);
    const body = { cloudDisks: [{ deviceName: 'vda', snapshotId }], clientToken: 'gone' };
    const made = await create(body);
    await jdcloud.client.call('DELETE', `/v1/regions/north/images/${made.body.result.imageId}`);
    return await create(body);
  },
  async tokenUsed() {
    const clientToken = 'a-token';
    expect((await createOf({}, { clientToken })).status).toBe(200);
    return await createOf({}, { clientToken, name: 'another' });
  },
};

describe('createImageFromSnapshots', () => {
  it.each(rowsOf(faults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it('says what is wrong with which snapshot, or disk', async () => {
    const { newCaller } = jdcloud.installation;
    const [others] = await newSnapshots([1000], await newCaller());
    const [elsewhere] = await newSnapshots([1000], jdcloud.caller, 'south');
    const image = await makeImage(jdcloud.installation.context, jdcloud.caller, [randomBytes(1000)]);
    for (const id of [
      others,
      elsewhere,
      image.disks[0]?.snapshot.id,
      image.disks[0]?.snapshot.aliyunId,
      'snapshot-1',
    ]) {
      expectFault(await createOf({ snapshotId: id }), faults.snapshotNotFound, id);
    }
    expectFault(await provocations.snapshotStatus(jdcloud), faults.snapshotStatus, 'copying');
    expectFault(await provocations.diskTooSmall(jdcloud), faults.diskTooSmall, 'vda');
  });

  it('makes an image of them that is ready at once, whose system disk is vda, in whichever order they come', async () => {
    const { context } = jdcloud.installation;
    const [system, first, second] = await newSnapshots([1000, 2000, 3000]);
    const { status, body } = await create({
      ...{ osVersion: '7.9', description: 'of three', regionId: 'north', clientToken: null },
      cloudDisks: [
        { deviceName: 'vdc', snapshotId: second, diskType: 'hdd.std1', diskSizeGB: 1, autoDelete: true },
        { deviceName: 'vda', snapshotId: system, diskSizeGB: 40 },
        { deviceName: 'vdb', snapshotId: first, autoDelete: 'False' },
      ],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      requestId: expect.any(String),
      result: { imageId: expect.stringMatching(/^img-[a-z0-9]{10}$/) },
    });
    const { imageId } = body.result;
    const image = await findImage(context, jdcloud.caller, imageId);
    expect(image).toMatchObject({ kind: 'system-disk', region: 'north', name: 'golden', description: 'of three' });
    expect(image.disks.map(({ role, snapshot }) => [role, snapshot.jdcloudId])).toEqual([
      ['system', system],
      ['data', first],
      ['data', second],
    ]);
    const seen = await jdcloud.client.call('GET', `/v1/regions/north/images/${imageId}`);
    expect(seen.body.result.image).toMatchObject({
      ...{ status: 'ready', progress: '100', rootDeviceType: 'cloudDisk', snapshotId: system },
      ...{ platform: 'CentOS', osType: 'linux', osVersion: '7.9', architecture: 'x86_64', bootMode: 'uefi' },
      systemDiskSizeGB: 40,
    });
  });

  it.each([
    ['Windows Server', 'windows'],
    ['Other Windows', 'windows'],
    ['Others Linux', 'linux'],
    ['Rocky Linux', 'linux'],
  ])('knows %s as %s', async (platform, osType) => {
    const { body } = await createOf({}, { platform, osVersion: '' });
    const { attributes } = await findImage(jdcloud.installation.context, jdcloud.caller, body.result.imageId);
    expect(attributes).toEqual({ platform, osType, architecture: 'x86_64', bootMode: 'uefi' });
  });

  it('makes one image for a token', async () => {
    const [snapshotId] = await newSnapshots([1000]);
    const body = { cloudDisks: [{ deviceName: 'vda', snapshotId }], clientToken: 'token '.repeat(10) };
    const { imageId } = (await create(body)).body.result;
    expect((await create(body)).body.result).toEqual({ imageId });
    expect((await create({ ...body, clientToken: 'other' })).body.result.imageId).not.toBe(imageId);
  });

  it('takes a snapshot that no image stands on any more', async () => {
    const { context } = jdcloud.installation;
    const image = await makeImage(context, jdcloud.caller, [randomBytes(1000)]);
    await deleteImage(context, jdcloud.caller, image.id, { keepSnapshots: true });
    expect((await createOf({ snapshotId: image.disks[0]?.snapshot.jdcloudId })).status).toBe(200);
  });

  const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;
  it.each([
    ['name', { name: null }, parameterMissing],
    ['name', { name: 'a b' }, parameterInvalid],
    ['platform', { platform: undefined }, parameterMissing],
    ['platform', { platform: 'BeOS' }, parameterInvalid],
    ['architecture', { architecture: '' }, parameterMissing],
    ['architecture', { architecture: 'i386' }, parameterInvalid],
    ['bootMode', { bootMode: 'floppy' }, parameterInvalid],
    ['bootMode', { bootMode: 'bios', architecture: 'arm64' }, parameterInvalid],
    ['osVersion', { osVersion: ' 7' }, parameterInvalid],
    ['clientToken', { clientToken: 't'.repeat(65) }, parameterInvalid],
    ['cloudDisks', { cloudDisks: null }, parameterMissing],
    ['cloudDisks', { cloudDisks: 'snapshot-0123456789' }, parameterInvalid],
    ['cloudDisks', { cloudDisks: [1] }, parameterInvalid],
    ['cloudDisks', { cloudDisks: Array.from({ length: 9 }, () => ({})) }, outOfRange],
  ])('refuses a request for its %s: %j', async (name, more, fault) => {
    expectFault(await createOf({}, more), fault, name);
  });

  it.each([
    ['cloudDisks.snapshotId', { snapshotId: null }, parameterMissing],
    ['cloudDisks.deviceName', { deviceName: '' }, parameterMissing],
    ['cloudDisks.deviceName', { deviceName: 'vdj' }, parameterInvalid],
    ['cloudDisks.diskType', { diskType: 'tape' }, parameterInvalid],
    ['cloudDisks.diskSizeGB', { diskSizeGB: 0 }, outOfRange],
    ['cloudDisks.autoDelete', { autoDelete: 'yes' }, parameterInvalid],
  ])('refuses a disk for its %s: %j', async (name, disk, fault) => {
    expectFault(await createOf(disk), fault, name);
  });

  it('refuses a data disk of another size than its snapshot, and a snapshot that is named twice', async () => {
    const [system, data] = await newSnapshots([1000, 1000]);
    const disks = (more: object) => [
      { deviceName: 'vda', snapshotId: system },
      { deviceName: 'vdb', snapshotId: data, ...more },
    ];
    expectFault(await create({ cloudDisks: disks({ diskSizeGB: 2 }) }), outOfRange, 'cloudDisks.diskSizeGB');
    expectFault(await create({ cloudDisks: disks({ snapshotId: system }) }), parameterInvalid, 'cloudDisks');
  });
});

describe('createImage', () => {
  const ask = (body: object, client: JdcloudClient = jdcloud.client) =>
    client.call('POST', '/v1/regions/north/instances/i-0123456789:createImage', { body });

  const instances: Provocations<typeof createImageFaults> = {
    instanceNotFound: () =>
      ask({ name: 'golden', description: '', dataDisks: [{ deviceName: 'vdb', noDevice: true }] }),
  };

  it.each(rowsOf(createImageFaults, instances))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault, 'i-0123456789');
  });

  it.each([
    ['name', {}, commonFaults.parameterMissing],
    ['name', { name: 'a b' }, commonFaults.parameterInvalid],
    ['dataDisks', { name: 'golden', dataDisks: ['vdb'] }, commonFaults.parameterInvalid],
  ])('refuses a request for its %s first: %j', async (name, body, fault) => {
    expectFault(await ask(body), fault, name);
  });
});

it('neither is for viewers', async () => {
  const viewer = await jdcloud.newClient('viewer');
  for (const path of ['images:createImageFromSnapshots', 'instances/i-0123456789:createImage']) {
    expectFault(await viewer.call('POST', `/v1/regions/north/${path}`), commonFaults.forbidden, 'image.create');
  }
});
