import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiCallOptions, HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { copyImage, finishCopy, makeImage } from '../../../../test/support/installation.ts';
import { insertPlainTask, makePlainImage, plainDisk } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { shareImage } from '../../../app/share-image.ts';
import { answerShare } from '../../../app/shares.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import { newSnapshot } from '../../../domain/ids.ts';
import type { DiskFormat, Image } from '../../../domain/image.ts';
import { toHexId } from '../ids.ts';
import { listImagesFaults } from './list-images-faults.ts';

const GiB = 1024 ** 3;

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

type Query = HuaweiCallOptions['query'];

const list = (query: Query = {}, client: HuaweiClient = huawei.client) =>
  client.call('GET', '/v2/cloudimages', { query });

async function namesOf(query: Query, client: HuaweiClient): Promise<string[]> {
  const { status, body } = await list(query, client);
  expect({ status, body }).toMatchObject({ status: 200, body: { images: expect.any(Array) } });
  return body.images.map(({ name }: { name: string }) => name);
}

const newImage = (caller: Caller, changes: Partial<NewImage> = {}) =>
  makePlainImage(huawei.installation.context, caller, changes);

/** The first of an image's disks, and its only one. */
const disk = (size: number, format: DiskFormat | null = 'raw') => ({
  disks: [{ ...plainDisk, size, format, snapshot: newSnapshot(randomBytes) }],
});

/** An account with nothing in it, and a client of its own. */
async function newAccount(): Promise<{ caller: Caller; client: HuaweiClient; project: string }> {
  const caller = await huawei.installation.newCaller();
  const client = await huawei.newClient('owner', { caller });
  return { caller, client, project: await huawei.projectOf('north', caller) };
}

const provocations: Provocations<typeof listImagesFaults> = {
  imageTypeUnknown: () => list({ __imagetype: 'silver' }),
  parameterInvalid: () => list({ limit: '0' }),
  tooManyTags: () => list({ tag: Array.from({ length: 21 }, (_, index) => `key${index}=value`) }),
  markerMalformed: () => list({ marker: 'last' }),
  markerUnknown: () => list({ marker: randomUUID() }),
};

it.each(rowsOf(listImagesFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
  expectImageFault(await provoke(huawei), fault);
});

it.each<[string, Query]>([
  ['a limit that is no number', { limit: 'all' }],
  ['an order by something else', { sort_key: 'owner' }],
  ['another direction', { sort_dir: 'up' }],
  ['a truth value that is none', { protected: 'perhaps' }],
  ['a size that is none', { min_disk: '-1' }],
  ['a time that is none', { created_at: 'gt:yesterday' }],
  ['a day that is none', { created_at: 'gt:2018-02-31T00:00:00Z' }],
  ['an operator that is none', { updated_at: 'like:2018-09-06T14:03:27Z' }],
  ['the second of two times', { updated_at: ['gt:2018-09-06T14:03:27Z', 'never'] }],
  ['what the database does not hold', { name: 'a\0b' }],
  ['it among several', { tag: ['env=prod', 'a\0b'] }],
  ['more times than ten', { created_at: Array.from({ length: 11 }, () => 'gt:2018-09-06T14:03:27Z') }],
])('refuses %s', async (_, query) => {
  expectImageFault(await list(query), listImagesFaults.parameterInvalid);
});

describe('an image', () => {
  it('has everything that there is to tell, each of its JSON type', async () => {
    const { caller, client, project } = await newAccount();
    const { context } = huawei.installation;
    const { result: group } = await createResourceGroup(context, caller, { name: 'golden', description: '' });
    const image = await newImage(caller, {
      name: 'golden',
      description: 'for all',
      resourceGroupId: group.id,
      protected: true,
      tags: { env: 'prod', alone: '' },
      attributes: {
        osType: 'windows',
        platform: 'Windows',
        osVersion: 'Windows Server 2022 Datacenter 64bit',
        osBits: 64,
        architecture: 'x86_64',
        bootMode: 'uefi',
        minDiskGiB: 40,
        minRamMiB: 1024,
        maxRamMiB: 4096,
      },
      properties: {
        __support_kvm: 'true',
        __system_support_market: 'true',
        __data_origin: 'file,not:this',
        __root_origin: 'volume',
        team: 'platform',
        id: 'another',
        max_ram: '1',
      },
      createdAt: Date.parse('2018-09-06T14:03:27.900Z'),
      updatedAt: Date.parse('2018-09-06T15:17:33Z'),
      ...disk(3 * GiB, 'qcow2'),
    });
    await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'import'));
    const { body } = await list({}, client);
    expect(body).toEqual({
      images: [
        {
          id: image.id,
          name: 'golden',
          owner: project,
          status: 'active',
          visibility: 'private',
          protected: true,
          tags: ['alone', 'env=prod'],
          min_disk: 40,
          min_ram: 1024,
          max_ram: '4096',
          size: 3 * GiB,
          virtual_size: null,
          container_format: 'bare',
          disk_format: 'qcow2',
          created_at: '2018-09-06T14:03:27Z',
          updated_at: '2018-09-06T15:17:33Z',
          active_at: '2018-09-06T14:03:27Z',
          file: `/v2/images/${image.id}/file`,
          self: `/v2/images/${image.id}`,
          schema: '/v2/schemas/image',
          architecture: 'x86',
          hw_firmware_type: 'uefi',
          virtual_env_type: 'FusionCompute',
          enterprise_project_id: group.id,
          __description: 'for all',
          __image_size: `${3 * GiB}`,
          __image_source_type: 'uds',
          __imagetype: 'private',
          __isregistered: 'true',
          __os_type: 'Windows',
          __os_bit: '64',
          __os_version: 'Windows Server 2022 Datacenter 64bit',
          __platform: 'Windows',
          __system_support_market: true,
          __support_kvm: 'true',
          __data_origin: 'file,images:golden.raw',
          __root_origin: 'file',
          team: 'platform',
        },
      ],
    });
  });

  it('is a 64-bit Linux of its size where nobody has said more, without what it lacks', async () => {
    const { caller, client, project } = await newAccount();
    const queued = await newImage(caller, { state: 'queued', ...disk(GiB + 1, null) });
    const { id } = queued;
    // Where it goes to is not where it comes from.
    await inTransaction(huawei.installation.context.db, (trx) => insertPlainTask(trx, queued, 'export'));
    const { body } = await list({}, client);
    expect(body.images).toEqual([
      {
        id,
        name: 'plain',
        owner: project,
        status: 'queued',
        visibility: 'private',
        protected: false,
        tags: [],
        min_disk: 2,
        min_ram: 0,
        size: GiB + 1,
        virtual_size: null,
        container_format: 'bare',
        created_at: '1970-01-01T00:00:00Z',
        updated_at: '1970-01-01T00:00:00Z',
        file: `/v2/images/${id}/file`,
        self: `/v2/images/${id}`,
        schema: '/v2/schemas/image',
        architecture: 'x86',
        virtual_env_type: 'FusionCompute',
        enterprise_project_id: '0',
        __image_size: `${GiB + 1}`,
        __image_source_type: 'uds',
        __imagetype: 'private',
        __isregistered: 'true',
        __os_type: 'Linux',
        __os_bit: '64',
        __os_version: 'Other Linux (64 bit)',
        __platform: 'Other',
      },
    ]);
  });

  it('says what it was copied from, whichever dialect copied it', async () => {
    const { context } = huawei.installation;
    const { caller, client } = await newAccount();
    const source = await makeImage(context, caller, [randomBytes(1000)]);
    await updateImage(context, caller, source.id, { properties: { __data_origin: 'file,a:b', team: 'platform' } });
    const { id, destinationImageId } = await copyImage(context, caller, { image: source.id, region: 'south' });
    const copied = await huawei.newClient('viewer', { caller, region: 'south' });
    expect((await list({}, copied)).body.images).toMatchObject([{ status: 'queued' }]);
    const { finishedAt } = await finishCopy(huawei.installation, caller, id);
    const [made] = (await list({ id: destinationImageId }, copied)).body.images;
    expect(made).toMatchObject({
      status: 'active',
      __data_origin: `image,north,${source.id}`,
      __originalimagename: source.id,
      __lazyloading: 'true',
      team: 'platform',
      size: 1000,
      active_at: `${new Date(finishedAt as number).toISOString().slice(0, 19)}Z`,
    });
    const [copiedFrom] = (await list({}, client)).body.images;
    for (const name of ['__originalimagename', '__lazyloading']) expect(copiedFrom).not.toHaveProperty(name);
    await updateImage(context, caller, made.id, { properties: { __lazyloading: 'false' } });
    expect((await list({}, copied)).body.images).toMatchObject([{ __lazyloading: 'false' }]);
  });

  it('is active since its import ended', async () => {
    const { context } = huawei.installation;
    const { caller, client } = await newAccount();
    const image = await newImage(caller, { createdAt: Date.parse('2020-01-01T00:00:00Z') });
    const { id } = await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'import'));
    const activeAt = async () => (await list({}, client)).body.images[0].active_at;
    expect(await activeAt()).toBe('2020-01-01T00:00:00Z');
    const ended = { state: 'succeeded', finished_at: Date.parse('2020-01-01T00:07:05.900Z') } as const;
    await context.db.updateTable('tasks').set(ended).where('id', '=', id).execute();
    expect(await activeAt()).toBe('2020-01-01T00:07:05Z');
    await context.db.updateTable('tasks').set({ kind: 'export' }).where('id', '=', id).execute();
    expect(await activeAt()).toBe('2020-01-01T00:00:00Z');
  });

  it("of Arm's says so twice, in two words that cannot disagree", async () => {
    const { caller, client } = await newAccount();
    const properties = { __support_arm: 'true' };
    await newImage(caller, { name: 'arm', attributes: { architecture: 'arm64' } });
    await newImage(caller, { name: 'x86', attributes: { architecture: 'i386' }, properties });
    const { images } = (await list({ sort_key: 'name', sort_dir: 'asc' }, client)).body;
    expect(images).toMatchObject([{ architecture: 'arm', __support_arm: 'true' }, { architecture: 'x86' }]);
    expect(images[1]).not.toHaveProperty('__support_arm');
  });

  it('tells of what is told to its account alone nobody else', async () => {
    const { context } = huawei.installation;
    const { caller, client } = await newAccount();
    const owner = await newAccount();
    const { result: group } = await createResourceGroup(context, owner.caller, { name: 'secret', description: '' });
    const about = { resourceGroupId: group.id, tags: { env: 'prod' }, sourceImageId: randomUUID() };
    const texts = { properties: { __data_origin: 'file,a:b', team: 'platform' } };
    const shared = await newImage(owner.caller, { name: 'shared', ...about, ...texts });
    await shareImage(context, owner.caller, shared.id, caller.accountName, { accepted: true });
    const open = await newImage(owner.caller, { name: 'open', ...about, ...texts });
    await updateImage(context, owner.caller, open.id, { visibility: 'public' });
    for (const [name, type] of [
      ['shared', 'shared'],
      ['open', 'gold'],
    ]) {
      const [seen] = (await list({ name }, client)).body.images;
      expect(seen).toMatchObject({ __imagetype: type, owner: owner.project, tags: [], enterprise_project_id: '0' });
      expect(Object.keys(seen)).not.toContain('__data_origin');
      expect(Object.keys(seen)).not.toContain('__originalimagename');
      expect(seen).toMatchObject({ team: 'platform', protected: type === 'gold' });
    }
    // Nor does the owner of what is everybody's say where it comes from.
    expect((await list({ name: 'open' }, owner.client)).body.images[0]).not.toHaveProperty('__originalimagename');
    await updateImage(context, owner.caller, open.id, { visibility: 'private' });
  });
});

describe('the filters', () => {
  let account: Awaited<ReturnType<typeof newAccount>>;
  let group: { id: string };
  let plain: Image;
  beforeAll(async () => {
    account = await newAccount();
    const { caller } = account;
    const named = { name: 'group', description: '' };
    group = (await createResourceGroup(huawei.installation.context, caller, named)).result;
    plain = await newImage(caller, { name: 'plain', createdAt: Date.parse('2018-09-06T14:03:27.500Z'), ...disk(1) });
    const at = (second: number) => ({ createdAt: Date.parse('2020-01-01T00:00:00Z') + second * 1000 });
    await newImage(caller, {
      ...at(1),
      name: 'windows',
      protected: true,
      attributes: { osType: 'windows', platform: 'Windows', minRamMiB: 1024, minDiskGiB: 40 },
      updatedAt: Date.parse('2021-01-01T00:00:00Z'),
      ...disk(2, 'qcow2'),
    });
    await newImage(caller, {
      ...at(2),
      name: 'arm',
      attributes: { architecture: 'arm64', platform: 'EulerOS' },
      properties: { __support_kvm: 'true', container_format: 'ovf' },
      tags: { env: 'prod', alone: '', 'a.b': 'c', 'word.1': '' },
    });
    await newImage(caller, { ...at(3), name: 'data', kind: 'data-disk', attributes: { architecture: 'i386' } });
    await newImage(caller, {
      ...at(4),
      name: 'metal',
      attributes: { osType: 'windows' },
      properties: { virtual_env_type: 'Ironic', __os_type: 'Other' },
      resourceGroupId: group.id,
    });
    await newImage(caller, { ...at(5), name: 'whole', kind: 'whole-machine', state: 'deprecated', ...disk(3 * GiB) });
    await newImage(caller, { ...at(6), name: 'iso', kind: 'iso', state: 'failed', ...disk(4, 'iso') });
  });

  const all = ['iso', 'whole', 'metal', 'data', 'arm', 'windows', 'plain'];
  const without = (...names: string[]) => all.filter((name) => !names.includes(name));

  it.each<[Query, string[]]>([
    [{}, all],
    [{ flavor_id: 's6.large.2', whatever: 'is not known' }, all],
    [{ name: '', status: '', __imagetype: '', tag: '', min_disk: '' }, all],
    [{ __imagetype: 'private' }, all],
    [{ __imagetype: 'private', visibility: 'private' }, all],
    [{ __imagetype: 'private', visibility: 'public' }, []],
    [{ __imagetype: 'gold', visibility: 'public', protected: true }, []],
    [{ __imagetype: 'market' }, []],
    [{ visibility: 'community' }, []],
    [{ protected: 'True' }, ['windows']],
    [{ protected: false }, without('windows')],
    [{ member_status: 'accepted' }, []],
    [{ member_status: 'perhaps' }, []],
    [{ owner: 'nobody' }, []],
    [{ __isregistered: 'true' }, all],
    [{ __isregistered: 'false' }, []],
    [{ __whole_image: 'true' }, ['whole']],
    [{ __whole_image: 'false' }, without('whole')],
    [{ virtual_env_type: 'FusionCompute' }, ['whole', 'arm', 'windows', 'plain']],
    [{ virtual_env_type: 'FusionCompute', __whole_image: 'false' }, ['arm', 'windows', 'plain']],
    [{ virtual_env_type: 'Ironic' }, ['metal']],
    [{ virtual_env_type: 'DataImage' }, ['data']],
    [{ virtual_env_type: 'IsoImage' }, ['iso']],
    [{ virtual_env_type: 'DataImage', __whole_image: 'true' }, []],
    [{ virtual_env_type: 'Docker' }, []],
    [{ id: 'golden' }, []],
    [{ name: 'arm' }, ['arm']],
    [{ name: 'ar' }, []],
    [{ status: 'active' }, without('iso')],
    [{ status: 'killed' }, ['iso']],
    [{ status: 'saving' }, []],
    [{ status: 'deleted' }, []],
    [{ tag: 'env=prod' }, ['arm']],
    [{ tag: 'env.prod' }, ['arm']],
    [{ tag: 'a.b=c' }, ['arm']],
    [{ tag: 'alone' }, ['arm']],
    [{ tag: 'word.1' }, ['arm']],
    [{ tag: 'word=1' }, ['arm']],
    [{ tag: ['env=prod', 'alone'] }, ['arm']],
    [{ tag: ['env=prod', 'env=test'] }, []],
    [{ tag: 'env' }, []],
    [{ enterprise_project_id: 'all_granted_eps' }, all],
    [{ enterprise_project_id: '0' }, without('metal')],
    [{ enterprise_project_id: randomUUID() }, []],
    [{ enterprise_project_id: 'golden' }, []],
    [{ __os_type: 'Linux' }, ['iso', 'whole', 'data', 'arm', 'plain']],
    [{ __os_type: 'Windows' }, ['windows']],
    [{ __os_type: 'Other' }, ['metal']],
    [{ __os_type: 'toString' }, []],
    [{ __os_bit: '32' }, ['data']],
    [{ __os_bit: '64' }, without('data')],
    [{ __os_bit: '128' }, []],
    [{ __platform: 'EulerOS' }, ['arm']],
    [{ __platform: 'Other' }, without('arm', 'windows')],
    [{ architecture: 'arm' }, ['arm']],
    [{ architecture: 'x86' }, without('arm')],
    [{ architecture: 'x86', __os_bit: '64', __os_type: 'Linux' }, ['iso', 'whole', 'plain']],
    [{ __support_kvm: 'true' }, ['arm']],
    [{ __support_kvm: 'false' }, []],
    [{ __system__cmkid: randomUUID() }, []],
    [{ container_format: 'bare' }, without('arm')],
    [{ container_format: 'ovf' }, ['arm']],
    [{ disk_format: 'qcow2' }, ['windows']],
    [{ disk_format: 'zvhd2' }, []],
    [{ min_disk: 1 }, without('whole', 'windows')],
    [{ min_disk: 3 }, ['whole']],
    [{ min_disk: 40 }, ['windows']],
    [{ min_ram: 0 }, without('windows')],
    [{ min_ram: 1024 }, ['windows']],
    [{ size_min: 4 }, ['iso', 'whole']],
    [{ size_max: 2, size_min: 2 }, ['windows']],
    [{ created_at: 'lt:2020-01-01T00:00:02Z' }, ['windows', 'plain']],
    [{ created_at: 'lte:2018-09-06 14:03:27' }, ['plain']],
    [{ created_at: 'eq:2018-09-06T14:03:27Z' }, ['plain']],
    [{ created_at: '2018-09-06T14:03:27Z' }, ['plain']],
    [{ created_at: 'neq:2018-09-06T14:03:27Z' }, without('plain')],
    [{ created_at: ['gte:2020-01-01T00:00:02Z', 'lt:2020-01-01T00:00:04Z'] }, ['data', 'arm']],
    [{ updated_at: 'gt:2020-12-31T23:59:59Z' }, ['windows']],
  ])('%o', async (query, names) => {
    expect(await namesOf(query, account.client)).toEqual(names);
  });

  it('an id, a group and a project', async () => {
    const { client, project } = account;
    expect(await namesOf({ id: plain.id }, client)).toEqual(['plain']);
    expect(await namesOf({ id: plain.aliyunId }, client)).toEqual([]);
    expect(await namesOf({ enterprise_project_id: group.id }, client)).toEqual(['metal']);
    expect(await namesOf({ owner: project }, client)).toEqual(all);
    expect(await namesOf({ owner: toHexId(randomUUID()) }, client)).toEqual([]);
  });

  it.each<[Query, string[]]>([
    [{ sort_key: 'name', sort_dir: 'asc' }, all.toSorted()],
    [{ sort_key: 'name' }, all.toSorted().reverse()],
    [{ sort_dir: 'asc' }, all.toReversed()],
    [{ sort_key: 'size', size_min: 2 }, ['whole', 'iso', 'windows']],
    [{ sort_key: 'disk_format', size_min: 2 }, ['whole', 'windows', 'iso']],
    [{ sort_key: 'status', name: 'iso' }, ['iso']],
    [{ sort_key: 'updated_at', protected: true }, ['windows']],
  ])('%o', async (query, names) => {
    expect(await namesOf(query, account.client)).toEqual(names);
  });

  it.each(['name', 'container_format', 'disk_format', 'status', 'id', 'size', 'created_at', 'updated_at'])(
    'page after page by %s, the last one empty',
    async (sort_key) => {
      const order = await namesOf({ sort_key }, account.client);
      const seen: string[] = [];
      let marker: string | undefined;
      for (let page = 0; page < 5; page += 1) {
        const { body } = await list({ sort_key, limit: 2, marker }, account.client);
        expect(Object.keys(body)).toEqual(['images']);
        if (body.images.length === 0) break;
        seen.push(...body.images.map(({ name }: { name: string }) => name));
        marker = body.images.at(-1).id;
      }
      expect(seen).toEqual(order);
      expect((await list({ sort_key, limit: 2, marker }, account.client)).body).toEqual({ images: [] });
    },
  );

  it('orders the ids themselves', async () => {
    const { body } = await list({ sort_key: 'id', sort_dir: 'asc' }, account.client);
    const ids = body.images.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(ids.toSorted());
  });
});

describe('whose images', () => {
  it('lie in the region and the project of the request', async () => {
    const { context } = huawei.installation;
    const { caller, client } = await newAccount();
    const south = await huawei.newClient('viewer', { caller, region: 'south' });
    const project = { region: 'north', name: 'north_other', description: '' };
    const { result: other } = await createProject(context, caller, project);
    await newImage(caller, { name: 'here' });
    const elsewhere = await newImage(caller, { name: 'elsewhere', region: 'south' });
    const beside = await newImage(caller, { name: 'beside', projectId: other.id });
    expect(await namesOf({}, client)).toEqual(['here']);
    expect(await namesOf({}, south)).toEqual(['elsewhere']);
    expect(await namesOf({ id: elsewhere.id }, client)).toEqual([]);
    expect(await namesOf({ owner: toHexId(other.id) }, client)).toEqual([]);
    expectImageFault(await list({ marker: beside.id }, client), listImagesFaults.markerUnknown);
    const headers = { 'x-project-id': toHexId(other.id) };
    const { body } = await client.call('GET', '/v2/cloudimages', { headers });
    expect(body.images).toMatchObject([{ name: 'beside', owner: toHexId(other.id) }]);
  });

  it('are own, shared, offered or everybody’s', async () => {
    const { context } = huawei.installation;
    const { caller, client, project } = await newAccount();
    const owner = await newAccount();
    const share = async (name: string, answer?: 'accepted' | 'rejected') => {
      const { id } = await newImage(owner.caller, { name });
      await shareImage(context, owner.caller, id, caller.accountName);
      if (answer) await answerShare(context, caller, id, answer);
    };
    await newImage(caller, { name: 'mine', createdAt: 4 });
    const given = await newImage(caller, { name: 'given', createdAt: 3 });
    await shareImage(context, caller, given.id, owner.caller.accountName, { accepted: true });
    const published = await newImage(caller, { name: 'published', createdAt: 2 });
    await updateImage(context, caller, published.id, { visibility: 'public' });
    await share('accepted', 'accepted');
    await share('offered');
    await share('rejected', 'rejected');
    await newImage(owner.caller, { name: 'hidden' });
    const open = await newImage(owner.caller, { name: 'open', createdAt: 1 });
    await updateImage(context, owner.caller, open.id, { visibility: 'public' });

    const ask = (query: Query) => namesOf(query, client);
    expect(await ask({})).toEqual(['mine', 'given', 'published', 'open', 'accepted']);
    expect(await ask({ __imagetype: 'gold', visibility: 'public', protected: true })).toEqual(['published', 'open']);
    expect(await ask({ protected: false })).toEqual(['mine', 'given', 'accepted']);
    expect(await ask({ __imagetype: 'shared' })).toEqual(['given', 'accepted']);
    expect(await ask({ visibility: 'private' })).toEqual(['mine']);
    for (const [status, names] of Object.entries({
      accepted: ['accepted'],
      pending: ['offered'],
      rejected: ['rejected'],
    })) {
      expect(await ask({ member_status: status, visibility: 'shared', __imagetype: 'shared' })).toEqual(names);
      expect(await ask({ member_status: status })).toEqual(names);
      expect(await ask({ member_status: status, visibility: 'public' })).toEqual([]);
    }
    expect(await ask({ owner: project })).toEqual(['mine', 'given', 'published']);
    expect(await ask({ owner: owner.project })).toEqual(['open', 'accepted']);
    expect(await ask({ owner: owner.project, visibility: 'shared' })).toEqual(['accepted']);
    expect(await ask({ enterprise_project_id: '0' })).toEqual(['mine', 'given', 'published', 'open', 'accepted']);
    for (const image of [published, open]) {
      const of = image === open ? owner.caller : caller;
      await updateImage(context, of, image.id, { visibility: 'private' });
    }
    expect(await findImage(context, caller, published.id)).toMatchObject({ visibility: 'private' });
  });

  it('come 500 at a time', async () => {
    const { caller, client } = await newAccount();
    const { id } = await newImage(caller);
    // Its twins, with other ids.
    await sql`INSERT INTO images SELECT (jsonb_populate_record(images, jsonb_build_object(
        'id', gen_random_uuid(),
        'aliyun_id', 'm-' || lpad(twin::text, 20, '0'),
        'jdcloud_id', 'img-' || lpad(twin::text, 10, '0')))).*
      FROM images, generate_series(1, 501) AS twin WHERE images.id = ${id}`.execute(huawei.installation.context.db);
    for (const query of [{}, { limit: 100_000 }]) {
      const { body: first } = await list(query, client);
      const { body: second } = await list({ ...query, marker: first.images.at(-1).id }, client);
      expect([first.images.length, second.images.length]).toEqual([500, 2]);
    }
  });
});
