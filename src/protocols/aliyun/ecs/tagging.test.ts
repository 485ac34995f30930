/** TagResources, UntagResources, ListTagResources, AddTags and RemoveTags. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { insertPlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { findSnapshot } from '../../../app/find-snapshot.ts';
import { inTransaction } from '../../../db/database.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { taggingFaults } from './tagging.ts';

let aliyun: TestAliyun;
beforeAll(async () => {
  aliyun = await createTestAliyun();
});
afterAll(() => aliyun.close());

async function newImage(caller: Caller = aliyun.caller): Promise<Image> {
  const { context } = aliyun.installation;
  const wanted = { region: 'north', kind: 'system-disk', state: 'available' } as const;
  const id = await inTransaction(context.db, (trx) => insertPlainImage(trx, caller, wanted));
  return await findImage(context, caller, id);
}

async function call(action: string, parameters: AliyunParameters) {
  return await aliyun.client.call(action, { RegionId: 'north', ResourceType: 'image', ...parameters });
}

async function tagsOf({ id }: Image) {
  return (await findImage(aliyun.installation.context, aliyun.caller, id)).tags;
}

/** `Tag.1.Key`, `Tag.1.Value` … */
function tagged(tags: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(tags).entries();
  const parameters = [...entries].flatMap(([index, [key, value]]) => [
    [`Tag.${index + 1}.Key`, key],
    [`Tag.${index + 1}.Value`, value],
  ]);
  return Object.fromEntries(parameters);
}

const numbered = (name: string, values: readonly string[]) =>
  Object.fromEntries(values.map((value, index) => [`${name}.${index + 1}`, value]));

describe('tags', () => {
  it('are given to several images at once, listed, and taken away', async () => {
    const images = [await newImage(), await newImage()];
    const ids = numbered(
      'ResourceId',
      images.map(({ aliyunId }) => aliyunId),
    );
    const answer = await call('TagResources', { ...ids, ...tagged({ env: 'prod', empty: '' }) });
    expect(answer).toMatchObject({ status: 200 });
    expect(Object.keys(answer.body)).toEqual(['RequestId']);
    expect(await Promise.all(images.map(tagsOf))).toEqual([
      { env: 'prod', empty: '' },
      { env: 'prod', empty: '' },
    ]);
    const { body } = await call('ListTagResources', { ...ids, 'Tag.1.Key': 'env' });
    expect(body.NextToken).toBe('');
    expect(body.TagResources.TagResource).toHaveLength(4);
    expect(body.TagResources.TagResource).toContainEqual({
      ResourceId: images[1]?.aliyunId,
      ResourceType: 'image',
      TagKey: 'env',
      TagValue: 'prod',
    });

    expect(await call('UntagResources', { ...ids, 'TagKey.1': 'env', All: true })).toMatchObject({ status: 200 });
    expect(await Promise.all(images.map(tagsOf))).toEqual([{ empty: '' }, { empty: '' }]);
    expect(await call('UntagResources', { ...ids, All: 'True' })).toMatchObject({ status: 200 });
    expect(await Promise.all(images.map(tagsOf))).toEqual([{}, {}]);
  });

  it('are given to an image and to a snapshot as Packer gives them, and taken away so', async () => {
    const image = await newImage();
    const snapshot = image.disks[0]?.snapshot.aliyunId as string;
    const tags = tagged({ 'build id': 'ä 1', __proto__x: 'y' });
    expect(await call('AddTags', { ResourceId: image.aliyunId, ...tags })).toMatchObject({ status: 200 });
    const ofSnapshot = { ResourceType: 'snapshot', ResourceId: snapshot };
    expect(await call('AddTags', { ...ofSnapshot, ...tags })).toMatchObject({ status: 200 });
    const { context } = aliyun.installation;
    const expected = { 'build id': 'ä 1', __proto__x: 'y' };
    expect(await tagsOf(image)).toEqual(expected);
    expect(await findSnapshot(context, aliyun.caller, snapshot)).toMatchObject({ tags: expected });
    expect(await call('RemoveTags', { ...ofSnapshot, 'Tag.1.Key': 'build id' })).toMatchObject({ status: 200 });
    expect(await findSnapshot(context, aliyun.caller, snapshot)).toMatchObject({ tags: { __proto__x: 'y' } });
    expect(await call('RemoveTags', { ResourceId: image.aliyunId, ...tags })).toMatchObject({ status: 200 });
    expect(await tagsOf(image)).toEqual({});
  });

  it('are named in lower case by older clients', async () => {
    const image = await newImage();
    const tag = { 'Tag.1.key': 'old', 'Tag.1.value': 'way' };
    expect(await call('AddTags', { ResourceId: image.aliyunId, ...tag })).toMatchObject({ status: 200 });
    expect(await tagsOf(image)).toEqual({ old: 'way' });
  });

  it('are listed page by page, each token for its own list', async () => {
    const images = [await newImage(), await newImage(), await newImage()];
    const ids = numbered(
      'ResourceId',
      images.map(({ aliyunId }) => aliyunId),
    );
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`page-${index}`, 'x']));
    await call('TagResources', { ...ids, ...tagged(many) });
    const first = (await call('ListTagResources', ids)).body;
    expect(first.TagResources.TagResource).toHaveLength(50);
    const second = (await call('ListTagResources', { ...ids, NextToken: first.NextToken })).body;
    expect(second.TagResources.TagResource).toHaveLength(10);
    expect(second.NextToken).toBe('');
    const other = await call('ListTagResources', { 'Tag.1.Key': 'page-1', NextToken: first.NextToken });
    expectFault(other, commonFaults.invalidParameter);
    const byTag = { ...tagged({ 'page-1': 'x' }), 'Tag.2.Key': 'page-2', 'ResourceId.1': images[0]?.aliyunId };
    expect((await call('ListTagResources', byTag)).body.TagResources.TagResource).toHaveLength(20);
    const none = { ...tagged({ 'page-1': 'y' }), 'ResourceId.1': images[0]?.aliyunId };
    expect((await call('ListTagResources', none)).body.TagResources.TagResource).toEqual([]);
    const reserved = { 'Tag.1.Key': 'acs:rm:rgId', 'ResourceId.1': images[0]?.aliyunId };
    expect((await call('ListTagResources', reserved)).body.TagResources.TagResource).toEqual([]);
    // By its UUID nothing is known here.
    expect((await call('ListTagResources', { 'ResourceId.1': images[0]?.id })).body.TagResources.TagResource).toEqual(
      [],
    );
  });

  it('are missed where an action cannot do without', async () => {
    const { aliyunId } = await newImage();
    const requests: [string, AliyunParameters][] = [
      ['TagResources', { 'ResourceId.1': aliyunId }],
      ['TagResources', tagged({ a: 'b' })],
      ['TagResources', { ResourceType: '', 'ResourceId.1': aliyunId, ...tagged({ a: 'b' }) }],
      ['AddTags', { ResourceId: aliyunId }],
      ['RemoveTags', { ResourceId: aliyunId }],
      ['UntagResources', { 'ResourceId.1': aliyunId }],
      ['UntagResources', { 'ResourceId.1': aliyunId, All: false }],
      ['ListTagResources', {}],
    ];
    for (const [action, parameters] of requests) {
      expectFault(await call(action, parameters), commonFaults.missingParameter);
    }
  });

  it('are changed by those who may change the image, and belong to its account', async () => {
    const { aliyunId } = await newImage();
    const parameters = { RegionId: 'north', ResourceType: 'image', 'ResourceId.1': aliyunId };
    const viewer = await aliyun.newClient('viewer');
    expectFault(await viewer.call('TagResources', { ...parameters, ...tagged({ a: 'b' }) }), commonFaults.forbidden);
    expectFault(await viewer.call('UntagResources', { ...parameters, All: true }), commonFaults.forbidden);
    expect(await viewer.call('ListTagResources', parameters)).toMatchObject({ status: 200 });
    const stranger = await aliyun.newClient('owner', await aliyun.installation.newCaller());
    const denied = await stranger.call('TagResources', { ...parameters, ...tagged({ a: 'b' }) });
    expectFault(denied, taggingFaults.resourceNotFound);
    await call('TagResources', { 'ResourceId.1': aliyunId, ...tagged({ a: 'b' }) });
    expect(await stranger.call('ListTagResources', parameters)).toMatchObject({
      body: { TagResources: { TagResource: [] } },
    });
  });

  const tag = async (parameters: AliyunParameters) =>
    await call('TagResources', { 'ResourceId.1': (await newImage()).aliyunId, ...parameters });
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

  const provocations: Provocations<typeof taggingFaults> = {
    tooManyTags: async () => await tag(tagged(many(21))),
    duplicateTagKey: async () => await tag({ ...tagged({ a: '1' }), 'Tag.2.Key': 'a' }),
    tagKeyMalformed: async () => await tag(tagged({ 'acs:rm': '1' })),
    tagValueMalformed: async () => await tag(tagged({ a: 'see http://example.com' })),
    async tooManyResources() {
      const { aliyunId } = await newImage();
      return await call('TagResources', { ...numbered('ResourceId', Array(51).fill(aliyunId)), ...tagged({ a: 'b' }) });
    },
    tagMismatch: async () => await call('ListTagResources', { 'Tag.1.Value': 'x' }),
    async tagQuota() {
      const { aliyunId } = await newImage();
      await call('TagResources', { 'ResourceId.1': aliyunId, ...tagged(many(20)) });
      return await call('TagResources', { 'ResourceId.1': aliyunId, ...tagged({ more: '1' }) });
    },
    async resourceNotFound() {
      const { aliyunId } = await newImage();
      return await call('TagResources', { RegionId: 'south', 'ResourceId.1': aliyunId, ...tagged({ a: 'b' }) });
    },
    resourceTypeNotFound: async () => await tag({ ResourceType: 'instance', ...tagged({ a: 'b' }) }),
  };

  it.each(rowsOf(taggingFaults, provocations))('say what their table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it.each([
    [{ 'Tag.1.Key': '', 'Tag.1.Value': 'x' }],
    [{ 'Tag.1.Value': 'x' }],
    [tagged({ aliyun1: 'x' })],
    [tagged({ 'see https://x': 'x' })],
    [tagged({ ['k'.repeat(129)]: 'x' })],
  ])('have keys that keep to the rule: not %j', async (parameters) => {
    expectFault(await tag(parameters), taggingFaults.tagKeyMalformed);
  });

  it.each([['acs:x'], ['v'.repeat(129)]])('have values that keep to the rule: not %s', async (value) => {
    expectFault(await tag(tagged({ k: value })), taggingFaults.tagValueMalformed);
  });
});
