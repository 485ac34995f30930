import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import { expectImageFault } from '../../../../../test/support/huawei-faults.ts';
import { makeImageOfOthers, makePlainImage, type Seeing } from '../../../../../test/support/plain-image.ts';
import type { Caller } from '../../../../app/context.ts';
import { findImage } from '../../../../app/find-image.ts';
import { createProject } from '../../../../app/tenants/projects.ts';
import type { NewImage } from '../../../../db/new-images.ts';
import type { Image } from '../../../../domain/image.ts';
import { commonFaults } from '../../common-faults.ts';
import type { Fault } from '../../fault.ts';
import { imageFaults } from '../../image-faults.ts';
import { deleteTagFaults } from './delete-tag.ts';

let huawei: TestHuawei;
let pid: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  pid = await huawei.projectOf('north');
});
afterAll(() => huawei.close());

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, changes);
const call = (method: string, path: string, body?: unknown) => huawei.client.call(method, path, { body });
const tagsOf = async ({ id }: Pick<Image, 'id'>) =>
  (await findImage(huawei.installation.context, huawei.caller, id)).tags;

/** Each way to change an image's tags, with what is to be right about it. */
const changes: Readonly<Record<string, (id: string) => ReturnType<typeof call>>> = {
  AddImageTag: (id) => call('POST', `/v2/${pid}/images/${id}/tags`, { tag: { key: 'new', value: 'v' } }),
  'BatchAddOrDeleteTags, create': (id) =>
    call('POST', `/v2/${pid}/images/${id}/tags/action`, { action: 'create', tags: [{ key: 'new', value: 'v' }] }),
  CreateOrUpdateTags: (id) => call('PUT', '/v1/cloudimages/tags', { image_id: id, tag: 'new=v' }),
  'BatchAddOrDeleteTags, delete': (id) =>
    call('POST', `/v2/${pid}/images/${id}/tags/action`, { action: 'delete', tags: [{ key: 'old', value: 'v' }] }),
  BatchDeleteTags: (id) =>
    call('DELETE', `/v1/${pid}/cloudimages/${id}/tags/delete`, { tags: [{ key: 'old', value: 'v' }] }),
  DeleteImageTag: (id) => call('DELETE', `/v2/${pid}/images/${id}/tags/old`),
};
const adding = Object.entries(changes).slice(0, 3);
const taking = Object.entries(changes).slice(3);

const imageOfOthers = (as: Seeing) =>
  makeImageOfOthers(huawei.installation, huawei.caller, as, { tags: { old: 'theirs' } });

describe.each(Object.entries(changes))('%s', (_, change) => {
  const { imageIdMalformed, imageNotFound, ownerOnly } = imageFaults;

  it('refuses what is no image, and one of others', async () => {
    const image = await newImage();
    for (const id of ['golden', image.aliyunId]) expectImageFault(await change(id), imageIdMalformed);
    expectImageFault(await change(randomUUID()), imageNotFound);
    expectImageFault(await change((await imageOfOthers('hidden')).id), imageNotFound);
    for (const as of ['shared', 'public'] as const) {
      expectImageFault(await change((await imageOfOthers(as)).id), ownerOnly);
    }
  });

  it('finds no image in another region or project', async () => {
    const other = { region: 'north', name: `north_${randomUUID()}`, description: '' };
    const { result } = await createProject(huawei.installation.context, huawei.caller, other);
    for (const place of [{ region: 'south' }, { projectId: result.id }]) {
      expectImageFault(await change((await newImage(place)).id), imageNotFound);
    }
  });

  it('changes this tag alone, and answers nothing', async () => {
    const image = await newImage({ tags: { old: 'v', other: 'stays' } });
    expect(await change(image.id)).toMatchObject({ status: 204, body: '' });
    const adds = adding.some(([, each]) => each === change);
    expect(await tagsOf(image)).toEqual(adds ? { old: 'v', other: 'stays', new: 'v' } : { other: 'stays' });
  });
});

describe.each(adding)('%s', (_, change) => {
  it('gives a tag another value, but no eleventh tag', async () => {
    const ten = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, '']));
    const image = await newImage({ tags: { ...ten, new: 'before' } });
    expect((await change(image.id)).status).toBe(204);
    expect(await tagsOf(image)).toEqual({ ...ten, new: 'v' });
    const full = await newImage({ tags: { ...ten, k9: '' } });
    expectImageFault(await change(full.id), imageFaults.tagQuota);
    expect(await tagsOf(full)).toEqual({ ...ten, k9: '' });
  });
});

it.each(taking)('%s leaves one with more tags than ten with fewer', async (_, change) => {
  const twelve = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k${index}`, '']));
  const image = await newImage({ tags: { ...twelve, old: 'v' } });
  expect((await change(image.id)).status).toBe(204);
  expect(await tagsOf(image)).toEqual(twelve);
});

describe('a tag', () => {
  let image: Image;
  beforeEach(async () => {
    image = await newImage();
  });
  const add = (tag: unknown) => call('POST', `/v2/${pid}/images/${image.id}/tags`, { tag });
  const put = (body: object) => call('PUT', '/v1/cloudimages/tags', { image_id: image.id, ...body });

  it.each([
    [{ key: 'x'.repeat(36), value: 'y'.repeat(43) }, ['x'.repeat(36), 'y'.repeat(43)]],
    [{ key: ' 环境 ', value: ' prod ' }, ['环境', 'prod']],
    [{ key: 'k', value: '' }, ['k', '']],
    [{ key: 'k' }, ['k', '']],
    [{ key: '__proto__', value: 'p' }, ['__proto__', 'p']],
  ])('%j is kept', async (tag, kept) => {
    expect((await add(tag)).status).toBe(204);
    expect((await put({ image_tag: tag })).status).toBe(204);
    expect(Object.entries(await tagsOf(image))).toEqual([kept]);
  });

  it.each([
    undefined,
    { key: '', value: 'v' },
    { key: ' ', value: 'v' },
    { value: 'v' },
    { key: 'x'.repeat(37), value: 'v' },
    { key: 'k', value: 'y'.repeat(44) },
    { key: 1, value: 'v' },
    { key: 'k', value: ['v'] },
    { key: 'k\0', value: 'v' },
    'k=v',
  ])('%j is refused', async (tag) => {
    expectImageFault(await add(tag), imageFaults.tagInvalid);
    expectImageFault(await put({ image_tag: tag }), imageFaults.tagInvalid);
  });

  it.each([
    ['env=prod', { env: 'prod' }],
    ['env.prod', { env: 'prod' }],
    ['e-n_v.1-2_3', { 'e-n_v': '1-2_3' }],
    ['a.b=c.d', { 'a.b': 'c.d' }],
    ['word', { word: '' }],
  ])('is understood as a word: %s', async (tag, expected) => {
    expect((await put({ tag })).status).toBe(204);
    expect(await tagsOf(image)).toEqual(expected);
  });

  it('is asked for in one way', async () => {
    expectImageFault(await put({ tag: 'a=b', image_tag: { key: 'a', value: 'b' } }), commonFaults.bodyInvalid);
    for (const tag of ['', undefined, 'x'.repeat(37), `k=${'y'.repeat(44)}`, 7, 'a.b.c', '.a', 'a.', 'a b.c', 'ü.a']) {
      expectImageFault(await put({ tag }), imageFaults.tagInvalid);
    }
    expectImageFault(await call('PUT', '/v1/cloudimages/tags', { tag: 'a=b' }), imageFaults.imageIdMalformed);
  });
});

describe('several tags', () => {
  const act = (id: string, body: object) => call('POST', `/v2/${pid}/images/${id}/tags/action`, body);
  const clear = (id: string, body: object) => call('DELETE', `/v1/${pid}/cloudimages/${id}/tags/delete`, body);

  it('are changed together or not at all', async () => {
    const image = await newImage({ tags: { a: '1', b: '2' } });
    const [a, b, c] = [{ key: 'a', value: 'one' }, { key: 'b' }, { key: 'c', value: 'three' }];
    expect((await act(image.id, { action: 'create', tags: [a, c] })).status).toBe(204);
    expect(await tagsOf(image)).toEqual({ a: 'one', b: '2', c: 'three' });
    const refused = await act(image.id, { action: 'create', tags: [{ key: 'd', value: '4' }, { key: '' }] });
    expectImageFault(refused, imageFaults.tagInvalid);
    const twice = await act(image.id, { action: 'create', tags: [a, { key: ' a', value: 'other' }] });
    expectImageFault(twice, imageFaults.tagInvalid);
    expect(await tagsOf(image)).toEqual({ a: 'one', b: '2', c: 'three' });
    expect((await act(image.id, { action: 'delete', tags: [b, { key: 'gone', value: '' }] })).status).toBe(204);
    expect(await tagsOf(image)).toEqual({ a: 'one', c: 'three' });
  });

  it.each(['action', 'delete'])('are taken away by key, and by value where one is given: %s', async (way) => {
    const image = await newImage({ tags: { a: '1', b: '2', c: '3', '': 'odd', ['x'.repeat(100)]: '' } });
    const tags = [
      { key: 'a', value: 'not this' },
      { key: 'b', value: '2' },
      { key: 'c', value: '' },
    ];
    const more = [...tags, { key: 'x'.repeat(100) }, { key: 'constructor' }];
    const answer = await (way === 'action'
      ? act(image.id, { action: 'delete', tags: more })
      : clear(image.id, { tags: more }));
    expect(answer.status).toBe(204);
    expect(await tagsOf(image)).toEqual({ a: '1', '': 'odd' });
    for (const wrong of [[{ value: 'v' }], [{ key: '' }], ['a']]) {
      expectImageFault(await clear(image.id, { tags: wrong }), imageFaults.tagInvalid);
    }
  });

  it.each([
    [undefined, commonFaults.bodyInvalid],
    [[], commonFaults.bodyInvalid],
    ['a=b', commonFaults.bodyInvalid],
    [Array.from({ length: 11 }, (_, index) => ({ key: `k${index}` })), imageFaults.tagQuota],
  ] as [unknown, Fault][])('are not %j', async (tags, fault) => {
    const { id } = await newImage();
    for (const action of ['create', 'delete']) expectImageFault(await act(id, { action, tags }), fault);
    expectImageFault(await clear(id, { tags }), fault);
  });

  it.each([undefined, '', 'Create', 'replace'])('are not to be changed so: %j', async (action) => {
    const { id } = await newImage();
    expectImageFault(await act(id, { action, tags: [{ key: 'a', value: 'b' }] }), commonFaults.bodyInvalid);
  });
});

it('a tag that is not there cannot be taken away by its path', async () => {
  const image = await newImage({ tags: { 'a/b': '1', '%': '2' } });
  const remove = (key: string) => call('DELETE', `/v2/${pid}/images/${image.id}/tags/${encodeURIComponent(key)}`);
  for (const key of ['none', 'constructor', 'A/B']) expectImageFault(await remove(key), deleteTagFaults.tagNotFound);
  expect((await remove('a/b')).status).toBe(204);
  expectImageFault(await remove('a/b'), deleteTagFaults.tagNotFound);
  expect(await tagsOf(image)).toEqual({ '%': '2' });
});

it('nobody but an operator changes tags', async () => {
  const image = await newImage();
  const viewer = await huawei.newClient('viewer', { region: 'north' });
  const body = { tag: { key: 'a', value: 'b' } };
  expectImageFault(await viewer.call('POST', `/v2/${pid}/images/${image.id}/tags`, { body }), commonFaults.forbidden);
  expect((await viewer.call('GET', `/v2/${pid}/images/${image.id}/tags`)).status).toBe(200);
});
