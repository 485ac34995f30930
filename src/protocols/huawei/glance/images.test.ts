/** Images of the native API: made, shown, listed and changed; their bytes are in `files.test.ts`. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import type { HuaweiCallOptions, HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { AppContext, Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { findImage } from '../../../app/find-image.ts';
import { shareImage } from '../../../app/share-image.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { updateImage } from '../../../app/update-image.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { createImageFaults } from './create-image.ts';
import { glanceFaults } from './glance-faults.ts';
import { patchImageFaults } from './patch-image.ts';
import { glanceSchemas } from './schemas.ts';

let huawei: TestHuawei;
let context: AppContext;
let caller: Caller;
let client: HuaweiClient;
let project: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  ({ caller, client } = huawei);
  context = huawei.installation.context;
  project = await huawei.projectOf('north');
});
afterAll(() => huawei.close());

const glance = { service: 'glance' } as const;
const v21 = 'application/openstack-images-v2.1-json-patch';
const v20 = 'application/openstack-images-v2.0-json-patch';

const create = (body: unknown) => client.call('POST', '/v2/images', { body });
const show = (id: string, by = client) => by.call('GET', `/v2/images/${id}`);
const list = (query: HuaweiCallOptions['query'] = {}, by = client) => by.call('GET', '/v2/images', { query });
const patch = (id: string, body: unknown, type = v21) =>
  client.call('PATCH', `/v2/images/${id}`, { body, headers: { 'content-type': type } });

async function made(body: object = {}): Promise<string> {
  const answer = await create({ name: 'made', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.id;
}

async function patched(id: string, ...changes: object[]) {
  const answer = await patch(id, changes);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

async function names(query: HuaweiCallOptions['query'], by = client): Promise<string[]> {
  const answer = await list(query, by);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.images.map(({ name }: { name: string }) => name);
}

/** Another account's image that everybody sees. */
async function publicImage() {
  const { operator } = huawei.installation;
  const image = await makePlainImage(context, operator, { name: 'open' });
  return await updateImage(context, operator, image.id, { visibility: 'public' });
}

describe('a new image', () => {
  const provocations: Provocations<typeof createImageFaults> = {
    invalid: () => create({ name: 'x', min_disk: 'much' }),
    enterpriseProjectInvalid: () => create({ enterprise_project_id: randomUUID() }),
    readOnly: () => create({ id: randomUUID() }),
    notPublishable: () => create({ visibility: 'public' }),
    overLimit: () => create({ tags: Array.from({ length: 21 }, (_, index) => `tag-${index}`) }),
  };
  it.each(rowsOf(createImageFaults, provocations))(
    'is refused as the table says: $name',
    async ({ provoke, fault }) => {
      expectFault(await provoke(huawei), fault, glance);
    },
  );

  it('is queued, with what openstackclient says of it', async () => {
    const { status, headers, body } = await create({
      disk_format: 'raw',
      name: 'web',
      min_disk: 1,
      min_ram: 512,
      protected: true,
      visibility: 'private',
      owner: project,
      container_format: 'bare',
      tags: ['one', 'two', 'team=base'],
      __os_version: 'CentOS 7.3 64bit',
      hw_firmware_type: 'bios',
      'owner_specified.openstack.md5': '',
      'owner_specified.openstack.object': 'images/web',
    });
    expect(status).toBe(201);
    expect(headers.location).toBe(`${huawei.url}/v2/images/${body.id}`);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      status: 'queued',
      name: 'web',
      owner: project,
      visibility: 'private',
      protected: true,
      min_disk: 1,
      min_ram: 512,
      size: 0,
      disk_format: 'raw',
      container_format: 'bare',
      tags: ['one', 'team=base', 'two'],
      __os_version: 'CentOS 7.3 64bit',
      hw_firmware_type: 'bios',
      virtual_env_type: 'FusionCompute',
      'owner_specified.openstack.md5': '',
      'owner_specified.openstack.object': 'images/web',
    });
    expect((await show(body.id)).body).toEqual(body);
  });

  it('says what nobody has said: its name, its system', async () => {
    const { status, body } = await create({ name: null });
    expect(status).toBe(201);
    expect(body).toMatchObject({ __os_version: 'Other Linux (64 bit)', container_format: 'bare', protected: false });
    expect(body.name).toMatch(/^m-/);
    expect(body).not.toHaveProperty('disk_format');
    expect(body).not.toHaveProperty('checksum');
  });

  it.each([
    [{ disk_format: 'iso' }, { virtual_env_type: 'IsoImage', disk_format: 'iso' }],
    [{ virtual_env_type: 'DataImage' }, { virtual_env_type: 'DataImage' }],
    [{ virtual_env_type: 'Ironic' }, { virtual_env_type: 'Ironic' }],
    [{ disk_format: 'zvhd2' }, { disk_format: 'zvhd2' }],
    [
      { container_format: 'ovf', architecture: 'aarch64' },
      { container_format: 'ovf', architecture: 'arm' },
    ],
    [
      { __os_type: 'Other', max_ram: '4096', __os_bit: '32' },
      { __os_type: 'Other', max_ram: '4096', __os_bit: '32' },
    ],
    [{ __support_arm: 'true' }, { __support_arm: 'true', architecture: 'arm' }],
    [{ architecture: 'arm', __support_arm: 'false' }, { architecture: 'x86' }],
    [{ visibility: 'shared' }, { visibility: 'private' }],
    [{ os_hidden: false, __system_support_market: true }, { __system_support_market: true }],
  ])('that is said to be %j is so', async (said, shown) => {
    expect((await show(await made(said))).body).toMatchObject(shown);
  });

  it.each<[string, unknown]>([
    ['a body that is no object', []],
    ['a property that is no text', { color: 3 }],
    ['an unknown format', { disk_format: 'floppy' }],
    ['hidden', { os_hidden: true }],
    ['a name that is too long', { name: 'x'.repeat(129) }],
    ['no tags but a word', { tags: 'one' }],
    ['an environment that is none', { virtual_env_type: 'Cloud' }],
    ['a U+0000', { color: 'a\0b' }],
  ])('is not made of %s', async (_, body) => {
    expect((await create(body)).status).toBe(400);
  });

  it("is not another's, nor encrypted without a key service", async () => {
    for (const name of ['owner', '__system__cmkid', 'status', 'size']) {
      expectFault(await create({ [name]: randomUUID() }), glanceFaults.readOnly, { ...glance, about: name });
    }
  });
});

describe('an image', () => {
  it('is not found by a name, in another region or project, or by others', async () => {
    const id = await made({ name: 'hidden' });
    const other = await createProject(context, caller, {
      region: 'north',
      name: `north_${randomUUID().slice(0, 8)}`,
      description: '',
    });
    const elsewhere = await makePlainImage(context, caller, { region: 'south' });
    const aside = await makePlainImage(context, caller, { projectId: other.result.id });
    const stranger = await huawei.newClient('viewer', { caller: await huawei.installation.newCaller() });
    const answers = [
      await show('hidden'),
      await show(randomUUID()),
      await show(elsewhere.id),
      await show(aside.id),
      await show(id, stranger),
    ];
    for (const answer of answers) expectFault(answer, glanceFaults.notFound, glance);
    expect((await show(id)).status).toBe(200);
  });

  it('can be looked at by those who are asked whether they want it', async () => {
    const image = await makePlainImage(context, caller, { name: 'offered' });
    const asked = await huawei.installation.newCaller();
    const by = await huawei.newClient('viewer', { caller: asked });
    expect((await show(image.id, by)).status).toBe(404);
    await shareImage(context, caller, image.id, asked.accountId);
    expect((await show(image.id, by)).body).toMatchObject({ name: 'offered', owner: project });
    expect(await names({}, by)).not.toContain('offered');
    expect(await names({ visibility: 'shared', member_status: 'pending' }, by)).toEqual(['offered']);
    expect(await names({ visibility: 'shared', member_status: 'all', owner: project }, by)).toEqual(['offered']);
  });

  it('fits its schema: glanceclient checks what it gets', async () => {
    const { body } = await show(await made({ __system_support_market: true, color: 'red' }));
    const { properties } = (await client.call('GET', '/v2/schemas/image')).body;
    for (const [name, value] of Object.entries(body)) {
      const types: string[] = [properties[name]?.type ?? 'string'].flat();
      const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
      expect(types, name).toContain(type === 'number' ? 'integer' : type);
    }
  });
});

describe('the schemas', () => {
  it.each(Object.keys(glanceSchemas))('have one of %s', async (name) => {
    expect((await client.call('GET', `/v2/schemas/${name}`)).body).toMatchObject({ name, properties: {} });
  });

  it('have none of metadefs', async () => {
    expect((await client.call('GET', '/v2/schemas/tasks')).status).toBe(404);
  });
});

describe('a list', () => {
  it('has pages of 25 that lead to each other, with what was asked for', async () => {
    const mine = await huawei.installation.newCaller();
    const by = await huawei.newClient('viewer', { caller: mine });
    for (let day = 1; day <= 30; day++) {
      await makePlainImage(context, mine, { name: `day-${day}`, createdAt: day * 86_400_000, visibility: 'private' });
    }
    const first = (await list({ visibility: 'private' }, by)).body;
    expect(first.images).toHaveLength(25);
    expect(first).toMatchObject({ first: '/v2/images?visibility=private', schema: '/v2/schemas/images' });
    expect(first.next).toBe(`/v2/images?visibility=private&marker=${first.images.at(-1).id}`);
    const [path = '', search] = first.next.split('?');
    const second = (await by.call('GET', path, { query: Object.fromEntries(new URLSearchParams(search)) })).body;
    expect(second.images.map(({ name }: { name: string }) => name)).toEqual([
      'day-5',
      'day-4',
      'day-3',
      'day-2',
      'day-1',
    ]);
    expect(second).not.toHaveProperty('next');
    expect(second.first).toBe('/v2/images?visibility=private');
    expect((await list({ limit: 1000, visibility: 'private' }, by)).body.images).toHaveLength(30);
    expect((await list({ limit: 0 }, by)).body).toMatchObject({ images: [] });
    expect(await names({ visibility: 'private', sort: 'name:asc,id:desc', limit: 2 }, by)).toEqual(['day-1', 'day-10']);
    expect(await names({ visibility: 'private', sort_key: 'name', sort_dir: 'desc', limit: 1 }, by)).toEqual(['day-9']);
    expect((await list({}, by)).body.first).toBe('/v2/images');
  });

  it('is asked for by what images are', async () => {
    const mine = await huawei.installation.newCaller();
    const by = await huawei.newClient('viewer', { caller: mine });
    const one = await makePlainImage(context, mine, {
      name: 'one',
      tags: { 'v1.2': '', web: '' },
      properties: { color: 'red' },
      attributes: { bootMode: 'uefi', osVersion: 'Debian 13', architecture: 'arm64' },
    });
    const two = await makePlainImage(context, mine, { name: 'two', state: 'queued', tags: { team: 'base' } });
    const open = await publicImage();
    const queries: [NonNullable<HuaweiCallOptions['query']>, string[]][] = [
      [{ name: 'one' }, ['one']],
      [{ name: 'on' }, []],
      [{ id: one.id }, ['one']],
      [{ id: `in:${one.id},${two.id}` }, ['one', 'two']],
      [{ id: 'one' }, []],
      [{ status: 'queued' }, ['two']],
      [{ status: 'in:queued,active', visibility: 'private' }, ['one', 'two']],
      [{ status: 'deleted' }, []],
      [{ tag: 'v1.2' }, ['one']],
      [{ tag: ['v1.2', 'web'] }, ['one']],
      [{ tag: ['v1.2', 'team=base'] }, []],
      [{ tag: 'team=base' }, ['two']],
      [{ color: 'red' }, ['one']],
      [{ color: 'blue' }, []],
      [{ color: 'red', flavor_id: 's3.small.1' }, ['one']],
      [{ hw_firmware_type: 'uefi' }, ['one']],
      [{ __support_arm: 'true' }, ['one']],
      [{ __os_version: 'Debian 13' }, ['one']],
      [{ owner: await huawei.projectOf('north', mine) }, ['one', 'two']],
      [{ owner: project }, []],
      [{ visibility: 'community' }, []],
      [{ os_hidden: 'True' }, []],
      [{ visibility: 'private', size_min: 1, size_max: 1 }, ['one', 'two']],
      [{ size_min: 2, visibility: 'private' }, []],
      [{ protected: 'True', id: open.id }, ['open']],
    ];
    for (const [query, expected] of queries) {
      expect((await names(query, by)).toSorted(), JSON.stringify(query)).toEqual(expected);
    }
    expect(await names({ visibility: 'all', limit: 1000 }, by)).toEqual(expect.arrayContaining(['one', 'two', 'open']));
  });

  it.each<[string, HuaweiCallOptions['query']]>([
    ['a marker that is no image', { marker: randomUUID() }],
    ['a marker that is no id', { marker: 'first' }],
    ['an unknown sort', { sort_key: 'colour' }],
    ['an unknown sort in one word', { sort: 'colour:asc' }],
    ['an unknown direction', { sort: 'name:up' }],
    ['a limit that is no number', { limit: 'many' }],
    ['a time that is none', { created_at: 'gt:yesterday' }],
    ['a firmware that is none', { hw_firmware_type: 'abacus' }],
    ['the second of two times', { updated_at: ['gt:2018-09-06T14:03:27Z', 'never'] }],
    ['more tags than an image has', { tag: Array.from({ length: 21 }, (_, index) => `tag-${index}`) }],
    ['more ids than a page has images', { id: `in:${','.repeat(1000)}` }],
  ])('is refused with %s', async (_, query) => {
    expectFault(await list(query), glanceFaults.invalid, glance);
  });
});

describe('a change', () => {
  let image: string;
  beforeAll(async () => {
    image = await made({ color: 'red', tags: ['one'] });
  });
  const change = (op: string, path: string, value?: unknown) => () => patch(image, [{ op, path, value }]);

  const provocations: Provocations<typeof patchImageFaults> = {
    invalid: change('add', '/min_disk', 'much'),
    enterpriseProjectInvalid: change('replace', '/enterprise_project_id', randomUUID()),
    forbidden: async () => patch((await publicImage()).id, [{ op: 'replace', path: '/name', value: 'mine' }]),
    readOnly: change('add', '/owner', '0'.repeat(32)),
    notRemovable: change('remove', '/name'),
    notQueued: async () =>
      patch((await makePlainImage(context, caller)).id, [{ op: 'replace', path: '/disk_format', value: 'raw' }]),
    notFound: () => patch(randomUUID(), []),
    absent: change('replace', '/shape', 'round'),
    present: () => patch(image, [{ add: '/color', value: 'blue' }], v20),
    conflict: async () => {
      const { id } = await makePlainImage(context, caller);
      const copy = { policy: huaweiCopyPolicies.region, images: [id], sourceRegion: 'north', regions: ['north'] };
      await copyImages(context, caller, { ...copy, name: 'copy' });
      return await patch(id, [{ op: 'replace', path: '/name', value: 'other' }]);
    },
    overLimit: change(
      'replace',
      '/tags',
      Array.from({ length: 21 }, (_, index) => `tag-${index}`),
    ),
    unsupportedMediaType: () => patch(image, [], 'application/json'),
  };
  it.each(rowsOf(patchImageFaults, provocations))('is refused as the table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(huawei), fault, glance);
  });

  it('is what openstackclient sends: add for everything', async () => {
    const id = await made({ tags: ['one'], color: 'green' });
    const body = await patched(
      id,
      { op: 'add', path: '/color', value: 'red' },
      { op: 'add', path: '/hw_firmware_type', value: 'uefi' },
      { op: 'add', path: '/min_disk', value: 5 },
      { op: 'add', path: '/name', value: 'web2' },
      { op: 'add', path: '/protected', value: true },
      { op: 'add', path: '/visibility', value: 'shared' },
      { op: 'add', path: '/architecture', value: 'x86_64' },
      { op: 'add', path: '/__description', value: '' },
      { op: 'add', path: '/tags', value: ['two', 'three', 'one'] },
    );
    const changed = { color: 'red', hw_firmware_type: 'uefi', min_disk: 5, name: 'web2', protected: true };
    expect(body).toMatchObject({ ...changed, visibility: 'private', tags: ['one', 'three', 'two'] });
    expect((await show(id)).body).toEqual(body);
  });

  it('is what glanceclient sends: replace for what is there, tags as they were', async () => {
    const { id } = await makePlainImage(context, caller, {
      tags: { 'a=b': 'c', plain: '' },
      properties: { color: 'red' },
    });
    const { tags } = (await show(id)).body;
    expect(tags).toEqual(['a=b=c', 'plain']);
    const body = await patched(
      id,
      { op: 'remove', path: '/color' },
      { op: 'add', path: '/newone', value: 'x' },
      { op: 'replace', path: '/min_ram', value: 512 },
      { op: 'replace', path: '/__os_version', value: 'Debian 13' },
      { path: '/tags', value: tags, op: 'replace' },
    );
    expect(body).toMatchObject({ newone: 'x', min_ram: 512, __os_version: 'Debian 13', tags });
    expect(body).not.toHaveProperty('color');
    expect((await findImage(context, caller, id)).tags).toEqual({ 'a=b': 'c', plain: '' });
  });

  it('is the older media type, too', async () => {
    const id = await made({ color: 'red', shape: 'round' });
    const changes = [{ replace: '/name', value: 'older' }, { remove: '/color' }, { add: '/weight', value: 'light' }];
    const { status, body } = await patch(id, changes, `${v20}; charset=utf-8`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'older', weight: 'light', shape: 'round' });
    expect(body).not.toHaveProperty('color');
    expect((await patch(id, [{ add: '/a', remove: '/shape' }], v20)).status).toBe(400);
  });

  it('is done as a whole or not at all, each step after the one before', async () => {
    const id = await made({ color: 'red' });
    const before = (await show(id)).body;
    const answer = await patch(id, [
      { op: 'replace', path: '/name', value: 'changed' },
      { op: 'remove', path: '/color' },
      { op: 'replace', path: '/color', value: 'blue' },
    ]);
    expectFault(answer, glanceFaults.absent, { ...glance, about: 'color' });
    expect((await show(id)).body).toEqual(before);
    const steps = [
      { op: 'remove', path: '/color' },
      { op: 'add', path: '/color', value: 'blue' },
      { op: 'replace', path: '/color', value: 'green' },
    ];
    expect(await patched(id, ...steps)).toMatchObject({ color: 'green' });
  });

  it('takes away what an image need not have', async () => {
    const said = {
      __description: 'd',
      max_ram: '64',
      architecture: 'arm',
      hw_firmware_type: 'uefi',
      __os_type: 'Windows',
    };
    const id = await made(said);
    expect((await show(id)).body).toMatchObject(said);
    const body = await patched(id, ...Object.keys(said).map((name) => ({ op: 'remove', path: `/${name}` })));
    for (const name of ['__description', 'max_ram', 'hw_firmware_type']) expect(body).not.toHaveProperty(name);
    expect(body).toMatchObject({ architecture: 'x86', __os_type: 'Linux' });
  });

  it("of support for Arm's machines is one of the architecture", async () => {
    const id = await made({});
    const arm = await patched(id, { op: 'add', path: '/__support_arm', value: 'true' });
    expect(arm).toMatchObject({ __support_arm: 'true', architecture: 'arm' });
    for (const change of [
      { op: 'replace', path: '/__support_arm', value: 'False' },
      { op: 'remove', path: '/__support_arm' },
      { op: 'replace', path: '/architecture', value: 'x86_64' },
    ]) {
      await patched(id, { op: 'replace', path: '/architecture', value: 'arm' });
      const body = await patched(id, change);
      expect(body).toMatchObject({ architecture: 'x86' });
      expect(body).not.toHaveProperty('__support_arm');
    }
  });

  it('reads names as JSON pointers have them', async () => {
    const id = await made({ 'a/b~c': 'x' });
    expect(await patched(id, { op: 'replace', path: '/a~1b~0c', value: 'y' })).toMatchObject({ 'a/b~c': 'y' });
  });

  it.each<[string, unknown]>([
    ['no array', { op: 'add', path: '/name', value: 'x' }],
    ['a change that is no object', ['add']],
    ['another operation', [{ op: 'move', path: '/name', from: '/color' }]],
    ['a path into an attribute', [{ op: 'add', path: '/tags/0', value: 'x' }]],
    ['a path that is none', [{ op: 'add', path: 'name', value: 'x' }]],
    ['a path that is no text', [{ op: 'add', path: { toString: 1, valueOf: 1 }, value: 'x' }]],
    ['a path in a list', [{ op: 'add', path: ['/color'], value: 'x' }]],
    ['no value', [{ op: 'add', path: '/name' }]],
    ['a name that is null', [{ op: 'replace', path: '/name', value: null }]],
    ['a text that is none', [{ op: 'add', path: '/color', value: { red: 1 } }]],
    ['too many', Array.from({ length: 201 }, () => ({ op: 'add', path: '/name', value: 'x' }))],
  ])('is refused with %s', async (_, body) => {
    expectFault(await patch(image, body), glanceFaults.invalid, glance);
  });

  it('may say of an image that it is private or shared whoever may change it: openstackclient does so before it shares', async () => {
    const id = await made();
    const operator = await huawei.newClient('operator', { caller });
    for (const value of ['shared', 'private']) {
      const body = [{ op: 'replace', path: '/visibility', value }];
      const answer = await operator.call('PATCH', `/v2/images/${id}`, { body, headers: { 'content-type': v21 } });
      expect(answer).toMatchObject({ status: 200, body: { visibility: 'private' } });
    }
  });

  it('keeps a text whatever its name is', async () => {
    const id = await made(JSON.parse('{"__proto__": "kept"}'));
    expect(Object.entries((await show(id)).body)).toContainEqual(['__proto__', 'kept']);
  });

  it("makes an image everybody's for owners only", async () => {
    const { id } = await makePlainImage(context, caller);
    const operator = await huawei.newClient('operator', { caller });
    const open = [{ op: 'replace', path: '/visibility', value: 'public' }];
    const asked = { body: open, headers: { 'content-type': v21 } };
    expectFault(await operator.call('PATCH', `/v2/images/${id}`, asked), glanceFaults.forbidden, glance);
    expect(await patched(id, ...open)).toMatchObject({ visibility: 'public', __imagetype: 'gold' });
    expect(await patched(id, { op: 'replace', path: '/visibility', value: 'private' })).toMatchObject({
      visibility: 'private',
    });
  });
});

describe("Glance's first version", () => {
  it('lists and shows images', async () => {
    const mine = await huawei.installation.newCaller();
    const by = await huawei.newClient('viewer', { caller: mine });
    const { id } = await makePlainImage(context, mine, {
      name: 'Bild é 图',
      properties: { color: 'a\nb', 'not a token': '' },
    });
    const { status, body } = await by.call('GET', '/v1.1/images/detail');
    expect(status).toBe(200);
    const found = body.images.find((image: { id: string }) => image.id === id);
    expect(found).toMatchObject({ name: 'Bild é 图', status: 'active', is_public: false, size: 1, deleted: false });
    expect(found.properties).toEqual({ color: 'a\nb', 'not a token': '' });
    const head = await by.call('HEAD', `/v1/images/${id}`);
    expect(head.status).toBe(200);
    expect(head.headers).toMatchObject({ 'x-image-meta-id': id, 'x-image-meta-property-color': 'a b' });
    const name = Buffer.from(String(head.headers['x-image-meta-name']), 'latin1').toString();
    expect(name).toBe('Bild é 图');
    expect((await client.call('HEAD', `/v1.1/images/${id}`)).status).toBe(404);
  });
});
