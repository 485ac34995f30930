/** Reading images: lists, one image, whom it is shared with, and what it cannot be used with. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { copyImage, finishCopy, type Installation, makeImage } from '../../../../test/support/installation.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudCallOptions, JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import { insertPlainImage, insertPlainTask, makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { shareImage } from '../../../app/share-image.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import { newSnapshot } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image.ts';
import { imageStates } from '../../../domain/states.ts';
import { commonFaults } from '../common-faults.ts';
import { describeImageFaults } from './describe-image.ts';
import { describeImageConstraintsFaults } from './describe-image-constraints.ts';
import { describeImageMembersFaults } from './describe-image-members.ts';
import { describeImagesFaults } from './describe-images.ts';

type Query = NonNullable<JdcloudCallOptions['query']>;

let jdcloud: TestJdcloud;
let installation: Installation;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
  installation = jdcloud.installation;
});
afterAll(() => jdcloud.close());

const north = '/v1/regions/north';
const unknownId = 'img-0000000000';

const newImage = (caller: Caller, changes: Partial<NewImage> = {}) =>
  makePlainImage(installation.context, caller, changes);

async function newAccount(): Promise<{ caller: Caller; client: JdcloudClient }> {
  const caller = await installation.newCaller();
  return { caller, client: await jdcloud.newClient('viewer', caller) };
}

async function list(client: JdcloudClient, query: Query = {}, region = 'north') {
  const { status, body } = await client.call('GET', `/v1/regions/${region}/images`, { query });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result;
}

async function listed(client: JdcloudClient, query: Query = {}): Promise<string[]> {
  const { images, totalCount } = await list(client, query);
  expect(totalCount).toBe(images.length);
  return images.map(({ name }: { name: string }) => name);
}

async function expectListed(client: JdcloudClient, cases: readonly (readonly [Query, readonly string[]])[]) {
  for (const [query, names] of cases) {
    expect((await listed(client, query)).toSorted(), JSON.stringify(query)).toEqual(names);
  }
}

async function look(client: JdcloudClient, { jdcloudId, region }: Image) {
  const { status, body } = await client.call('GET', `/v1/regions/${region}/images/${jdcloudId}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result.image;
}

const ask = (query: Query) => (api: TestJdcloud) => api.client.call('GET', `${north}/images`, { query });

/** Another account's image that is shared, another's that is public, and a public one of the account's own. */
async function openImages(caller: Caller) {
  const { context } = installation;
  const owner = await installation.newCaller();
  const attributes = { platform: caller.accountName };
  const make = (name: string, by: Caller) => newImage(by, { name, attributes });
  const shared = await make('shared', owner);
  await shareImage(context, owner, shared.id, caller.accountName, { accepted: true });
  await shareImage(context, owner, (await make('offered', owner)).id, caller.accountName);
  const community = await make('community', owner);
  await updateImage(context, owner, community.id, { visibility: 'public' });
  const released = await make('released', caller);
  await updateImage(context, caller, released.id, { visibility: 'public' });
  const hidden = await make('hidden', owner);
  return { owner, shared, community, released, hidden };
}

describe('describeImages', () => {
  const provocations: Provocations<typeof describeImagesFaults> = {
    imageSourceMissing: ask({ status: 'ready' }),
    pageSizeInvalid: ask({ imageSource: 'private', pageSize: 9 }),
  };
  it.each(rowsOf(describeImagesFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault);
  });

  it.each<[string, Query]>([
    ['ImageSource', { imageSource: 'self' }],
    ['RootDeviceType', { imageSource: 'private', rootDeviceType: 'tape' }],
    ['LaunchPermission', { imageSource: 'private', launchPermission: 'nobody' }],
    ['Status', { imageSource: 'private', status: 'copying' }],
    ['Architecture', { imageSource: 'private', architecture: 'mips' }],
    ['BootMode', { imageSource: 'private', bootMode: 'uefi-preferred' }],
    ['Offline', { imageSource: 'public', offline: 'maybe' }],
    ['Ids', { 'ids.x': unknownId }],
  ])('refuses a wrong %s', async (name, query) => {
    expectFault(await ask(query)(jdcloud), commonFaults.parameterInvalid, name);
  });

  it('refuses pages that are out of range, and more than a hundred ids', async () => {
    for (const pageSize of [0, 101, 'ten']) {
      expectFault(await ask({ imageSource: 'private', pageSize })(jdcloud), describeImagesFaults.pageSizeInvalid);
    }
    expectFault(await ask({ imageSource: 'private', pageNumber: 0 })(jdcloud), commonFaults.outOfRange, 'pageNumber');
    const ids = Array.from({ length: 101 }, () => unknownId);
    expectFault(await ask({ ids })(jdcloud), commonFaults.outOfRange, 'ids');
    expect(await list(jdcloud.client, { ids: ids.slice(1) })).toEqual({ images: [], totalCount: 0 });
  });

  it('has pages, newest first, and counts all of them', async () => {
    const { caller, client } = await newAccount();
    await inTransaction(installation.context.db, async (trx) => {
      for (let day = 1; day <= 200; day++) {
        await insertPlainImage(trx, caller, { region: 'north', name: `${day}`, createdAt: day * 86_400_000 });
      }
    });
    // As cloudmux does, which goes on until it has as many as it was told of.
    const names: string[] = [];
    let total = 1;
    for (let pageNumber = 1; names.length < total && pageNumber < 5; pageNumber++) {
      const { images, totalCount } = await list(client, { imageSource: 'private', pageNumber, pageSize: 100 });
      names.push(...images.map(({ name }: { name: string }) => name));
      total = totalCount;
    }
    expect(total).toBe(200);
    expect(names).toEqual(Array.from({ length: 200 }, (_, index) => `${200 - index}`));
    const usual = await list(client, { imageSource: 'private' });
    expect([usual.images.length, usual.totalCount]).toEqual([20, 200]);
    const beyond = await list(client, { imageSource: 'private', pageNumber: 4, pageSize: 100 });
    expect(beyond).toEqual({ images: [], totalCount: 200 });
  });

  it('finds by status', async () => {
    const { caller, client } = await newAccount();
    for (const state of imageStates) await newImage(caller, { name: state, state });
    const imageSource = 'private';
    await expectListed(client, [
      [{ imageSource }, [...imageStates].toSorted()],
      [{ imageSource, status: '' }, [...imageStates].toSorted()],
      [{ imageSource, status: 'pending' }, ['copying', 'queued', 'uploading']],
      [{ imageSource, status: 'ready' }, ['available', 'deprecated']],
      [{ imageSource, status: 'error' }, ['failed']],
      [{ imageSource, status: 'deleting' }, []],
    ]);
    const { images } = await list(client, { imageSource });
    const told = images.map(({ name, status }: Record<string, string>) => [name, status]);
    expect(Object.fromEntries(told)).toEqual({
      queued: 'pending',
      uploading: 'pending',
      copying: 'pending',
      available: 'ready',
      deprecated: 'ready',
      failed: 'error',
    });
  });

  it('finds by ids, names and what is said of the images', async () => {
    const { caller, client } = await newAccount();
    const windows = await newImage(caller, {
      name: 'Win-2022_a',
      attributes: { osType: 'windows', bootMode: 'uefi-preferred' },
      rootDevice: 'local-disk',
    });
    const attributes = { platform: 'Ubuntu', architecture: 'arm64' } as const;
    await newImage(caller, { name: 'ubuntu', attributes });
    const plain = await newImage(caller, { name: 'plain' });
    const south = await newImage(caller, { name: 'south', region: 'south' });
    const all = ['Win-2022_a', 'plain', 'ubuntu'];
    const imageSource = 'private';
    await expectListed(client, [
      [{ ids: [windows.jdcloudId, plain.jdcloudId] }, ['Win-2022_a', 'plain']],
      [{ ids: [windows.jdcloudId, unknownId, south.jdcloudId] }, ['Win-2022_a']],
      [{ ids: [windows.id, windows.aliyunId] }, []],
      [{ ids: [windows.jdcloudId, plain.jdcloudId], status: 'ready', imageName: 'win' }, ['Win-2022_a']],
      [{ ids: [windows.jdcloudId], imageSource: 'shared' }, []],
      [{ ids: [windows.jdcloudId], offline: true }, ['Win-2022_a']],
      [{ imageSource, imageName: '2022_' }, ['Win-2022_a']],
      [{ imageSource, imageName: '%' }, []],
      [{ imageSource, imageName: '' }, all],
      [{ imageSource, platform: 'Ubuntu' }, ['ubuntu']],
      [{ imageSource, platform: 'Other Windows' }, ['Win-2022_a']],
      [{ imageSource, platform: 'Other Linux' }, ['plain']],
      [{ imageSource, platform: 'Ubunt' }, []],
      [{ imageSource, architecture: 'x86_64' }, ['Win-2022_a', 'plain']],
      [{ imageSource, architecture: 'arm64' }, ['ubuntu']],
      [{ imageSource, bootMode: 'uefi' }, ['Win-2022_a', 'ubuntu']],
      [{ imageSource, bootMode: 'bios' }, ['plain']],
      [{ imageSource, rootDeviceType: 'localDisk' }, ['Win-2022_a']],
      [{ imageSource, rootDeviceType: 'cloudDisk' }, ['plain', 'ubuntu']],
      [{ imageSource, 'instanceIds.1': 'i-abcdefghij' }, []],
      [{ imageSource, offline: 'True' }, all],
      [{ imageSource, offline: 'False', serviceCode: 'vm' }, all],
      [{ imageSource: 'public' }, []],
      [{ imageSource: 'thirdparty' }, []],
    ]);
    const told = (await list(client, { imageSource })).images.map(
      ({ name, platform, osType, bootMode }: Record<string, string>) => [name, platform, osType, bootMode],
    );
    expect(told.toSorted()).toEqual([
      ['Win-2022_a', 'Other Windows', 'windows', 'uefi'],
      ['plain', 'Other Linux', 'linux', 'bios'],
      ['ubuntu', 'Ubuntu', 'linux', 'uefi'],
    ]);
  });

  it('finds by whose the images are and who may use them', async () => {
    const { caller, client } = await newAccount();
    const { shared, community, released, hidden } = await openImages(caller);
    const lent = await newImage(caller, { name: 'lent' });
    await shareImage(installation.context, caller, lent.id, hidden.accountName, { accepted: true });
    await newImage(caller, { name: 'kept' });
    const imageSource = 'private';
    // Other tests' images are everybody's, too.
    const platform = caller.accountName;
    await expectListed(client, [
      [{ imageSource }, ['kept', 'lent', 'released']],
      [{ imageSource, launchPermission: 'ownerOnly' }, ['kept']],
      [{ imageSource, launchPermission: 'specifiedUsers' }, ['lent']],
      [{ imageSource, launchPermission: 'all' }, ['released']],
      [{ imageSource: 'shared' }, ['shared']],
      [{ imageSource: 'shared', launchPermission: 'ownerOnly' }, ['shared']],
      [{ imageSource: 'community', platform }, ['community', 'released']],
      [
        { ids: [shared, community, released, hidden, lent].map(({ jdcloudId }) => jdcloudId) },
        ['community', 'lent', 'released', 'shared'],
      ],
    ]);
  });
});

describe('describeImage', () => {
  const provocations: Provocations<typeof describeImageFaults> = {
    imageNotFound: ({ client }) => client.call('GET', `${north}/images/${unknownId}`),
  };
  it.each(rowsOf(describeImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(jdcloud), fault, unknownId);
  });

  it('does not know what lies elsewhere, is not for the caller, or is called by another name', async () => {
    const image = await newImage(jdcloud.caller, { region: 'south' });
    const hidden = await newImage(await installation.newCaller());
    const own = await newImage(jdcloud.caller);
    for (const id of [image.jdcloudId, hidden.jdcloudId, own.id, own.aliyunId, 'img-x']) {
      const answer = await jdcloud.client.call('GET', `${north}/images/${id}`);
      expectFault(answer, describeImageFaults.imageNotFound, id);
    }
  });

  it('tells everything of an image, in the types that clients expect', async () => {
    const { caller, client } = await newAccount();
    const disks = Array.from({ length: 28 }, (_, index) => ({
      index,
      role: index === 0 ? ('system' as const) : ('data' as const),
      format: null,
      size: (index + 40) * 1024 ** 3 - 1,
      dataBytes: null,
      digest: null,
      key: null,
      snapshot: newSnapshot(randomBytes),
    }));
    const image = await newImage(caller, {
      name: 'golden',
      description: 'all of it',
      createdAt: Date.UTC(2021, 0, 28, 16, 49, 5, 678),
      attributes: { platform: 'CentOS', osVersion: '8.2', osType: 'linux', architecture: 'x86_64', bootMode: 'uefi' },
      disks,
    });
    const seen = await look(client, image);
    const snapshotId = disks[0]?.snapshot.jdcloudId;
    const cloudDisk = { diskType: 'ssd.gp1', encrypt: false, encrypted: false };
    const attachment = { diskCategory: 'cloud', autoDelete: true };
    expect(seen).toEqual({
      imageId: image.jdcloudId,
      name: 'golden',
      desc: 'all of it',
      platform: 'CentOS',
      osVersion: '8.2',
      osType: 'linux',
      architecture: 'x86_64',
      bootMode: 'uefi',
      systemDiskSizeGB: 40,
      sizeMB: 0,
      imageSource: 'private',
      status: 'ready',
      progress: '100',
      createTime: '2021-01-29 00:49:05',
      rootDeviceType: 'cloudDisk',
      snapshotId,
      launchPermission: 'ownerOnly',
      ownerPin: caller.accountName,
      loginName: caller.accountName,
      systemDisk: { ...attachment, deviceName: 'vda', cloudDisk: { ...cloudDisk, diskSizeGB: 40, snapshotId } },
      dataDisks: seen.dataDisks,
      imported: false,
      offline: false,
      expiredTime: '',
    });
    expect(seen.dataDisks).toHaveLength(27);
    expect(seen.dataDisks[0]).toEqual({
      ...attachment,
      deviceName: 'vdb',
      cloudDisk: { ...cloudDisk, diskSizeGB: 41, snapshotId: disks[1]?.snapshot.jdcloudId },
    });
    const names = seen.dataDisks.slice(24).map(({ deviceName }: { deviceName: string }) => deviceName);
    expect(names).toEqual(['vdz', 'vdaa', 'vdab']);
    const { images } = await list(client, { ids: [image.jdcloudId] });
    expect(images).toEqual([seen]);
  });

  it('says of a disk that it is encrypted', async () => {
    const { caller, client } = await newAccount();
    const image = await makeEncryptedImage(installation, caller, { disks: [randomBytes(9), randomBytes(9)] });
    const { systemDisk, dataDisks } = await look(client, image);
    const encrypted = { cloudDisk: { encrypt: true, encrypted: true } };
    expect([systemDisk, ...dataDisks]).toMatchObject([encrypted, encrypted]);
  });

  it('has no snapshot of a local disk, and the disk that a machine is said to need', async () => {
    const { caller, client } = await newAccount();
    const image = await newImage(caller, { rootDevice: 'local-disk', attributes: { minDiskGiB: 60 } });
    expect(await look(client, image)).toMatchObject({
      rootDeviceType: 'localDisk',
      systemDiskSizeGB: 60,
      snapshotId: '',
      systemDisk: { diskCategory: 'local', deviceName: 'vda', localDisk: { diskType: 'ssd', diskSizeGB: 1 } },
      dataDisks: [],
    });
  });

  it("tells of others' images what is everybody's business", async () => {
    const { caller, client } = await newAccount();
    const { owner, shared, community, released } = await openImages(caller);
    await inTransaction(installation.context.db, (trx) => insertPlainTask(trx, shared, 'import'));
    const seen = await look(client, shared);
    expect(seen).toMatchObject({
      imageSource: 'shared',
      launchPermission: 'specifiedUsers',
      ownerPin: owner.accountName,
    });
    expect(seen.systemDisk.cloudDisk).toEqual({
      diskType: 'ssd.gp1',
      diskSizeGB: 1,
      encrypt: false,
      encrypted: false,
    });
    expect(Object.keys(seen)).not.toContain('snapshotId');
    expect(Object.keys(seen)).not.toContain('imported');
    expect(await look(client, community)).toMatchObject({ imageSource: 'community', launchPermission: 'all' });
    expect(await look(client, released)).toMatchObject({ imageSource: 'private', launchPermission: 'all' });
    const seenByOwner = await jdcloud.newClient('viewer', owner);
    expect(await look(seenByOwner, shared)).toMatchObject({ imageSource: 'private', imported: true });
  });

  it('tells how far a copy is, 100 once it is committed, and how much data an image has', async () => {
    const { context } = installation;
    const { caller, client } = await newAccount();
    const source = await makeImage(context, caller, [randomBytes(1_500_000), new Uint8Array(3 * 1024 ** 2)]);
    expect(await look(client, source)).toMatchObject({ status: 'ready', progress: '100', sizeMB: 2 });
    const copy = await copyImage(context, caller, { image: source.id, region: 'south' });
    const [made] = (await list(client, { imageSource: 'private' }, 'south')).images;
    expect(made).toMatchObject({ status: 'pending', progress: '0', sizeMB: 0, imported: false });
    const { bytesTotal } = copy.progress;
    const bytesDone = async (bytes: number) => {
      await context.db.updateTable('copies').set({ bytes_done: bytes }).where('id', '=', copy.id).execute();
      const { body } = await client.call('GET', `/v1/regions/south/images/${made.imageId}`);
      return body.result.image.progress;
    };
    expect(await bytesDone(Math.ceil(bytesTotal / 4))).toBe('25');
    expect(await bytesDone(bytesTotal)).toBe('99');
    await finishCopy(installation, caller, copy.id);
    const [ready] = (await list(client, { ids: [made.imageId] }, 'south')).images;
    expect(ready).toMatchObject({ status: 'ready', progress: '100', sizeMB: 2 });
  });

  it('tells how far an import is', async () => {
    const { context } = installation;
    const { caller, client } = await newAccount();
    const image = await newImage(caller, { state: 'uploading' });
    const task = await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'import'));
    await context.db.updateTable('tasks').set({ bytes_done: 50 }).where('id', '=', task.id).execute();
    expect(await look(client, image)).toMatchObject({ status: 'pending', progress: '25', imported: true });
  });
});

describe('describeImageMembers', () => {
  const members = (client: JdcloudClient, id: string) => client.call('GET', `${north}/images/${id}/members`);

  const provocations: Provocations<typeof describeImageMembersFaults> = {
    imageNotFound: ({ client }) => members(client, unknownId),
    async notUsable({ client, caller }) {
      const { shared } = await openImages(caller);
      return await members(client, shared.jdcloudId);
    },
  };
  it.each(rowsOf(describeImageMembersFaults, provocations))('says what its table says: $name', async (row) => {
    expectFault(await row.provoke(jdcloud), row.fault);
  });

  it('lists the accounts that an image is shared with', async () => {
    const { caller, client } = await newAccount();
    const image = await newImage(caller);
    expect((await members(client, image.jdcloudId)).body.result).toEqual({ pins: [], loginNames: [] });
    const names = [await installation.newCaller(), await installation.newCaller()].map(
      ({ accountName }) => accountName,
    );
    for (const name of names) await shareImage(installation.context, caller, image.id, name, { accepted: true });
    const { result } = (await members(client, image.jdcloudId)).body;
    expect(result.pins.toSorted()).toEqual(names.toSorted());
    expect(result.loginNames).toEqual(result.pins);
  });
});

describe('describeImageConstraints', () => {
  const constraints = (client: JdcloudClient, id: string) => client.call('GET', `${north}/images/${id}/constraints`);

  const provocations: Provocations<typeof describeImageConstraintsFaults> = {
    imageNotFound: ({ client }) => constraints(client, unknownId),
  };
  it.each(rowsOf(describeImageConstraintsFaults, provocations))('says what its table says: $name', async (row) => {
    expectFault(await row.provoke(jdcloud), row.fault, unknownId);
  });

  it('has none, for one image or several', async () => {
    const { caller, client } = await newAccount();
    const { shared, hidden } = await openImages(caller);
    const own = await newImage(caller);
    const { body } = await constraints(client, own.jdcloudId);
    expect(body.result).toEqual({ imageConstraints: { imageId: own.jdcloudId } });
    const batch = async (ids: readonly string[]) =>
      (await client.call('GET', `${north}/imageConstraints`, { query: { ids } })).body.result.imageConstraints;
    const told = await batch([own.jdcloudId, hidden.jdcloudId, shared.jdcloudId, own.id, unknownId]);
    const imageIds = told.map(({ imageId }: { imageId: string }) => imageId);
    expect(imageIds.toSorted()).toEqual([own.jdcloudId, shared.jdcloudId].toSorted());
    expect(await batch([])).toEqual([]);
  });
});

describe('describeInstances', () => {
  it('has none, however short a page is asked for', async () => {
    const { body } = await jdcloud.client.call('GET', `${north}/instances`, { query: { pageNumber: 1, pageSize: 1 } });
    expect(body.result).toEqual({ instances: [], totalCount: 0 });
  });
});
