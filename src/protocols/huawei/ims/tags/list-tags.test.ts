import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import { expectImageFault } from '../../../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../../../test/support/plain-image.ts';
import { shareImage } from '../../../../app/share-image.ts';
import { createProject } from '../../../../app/tenants/projects.ts';
import { updateImage } from '../../../../app/update-image.ts';
import type { Image } from '../../../../domain/image.ts';
import { commonFaults } from '../../common-faults.ts';
import { imageFaults } from '../../image-faults.ts';
import { listImagesFaults } from '../list-images-faults.ts';
import { tagFilterFaults } from './tag-filter-parameters.ts';

let huawei: TestHuawei;
let pid: string;
/** Of the caller's in the north; the last one is the newest. */
let images: Readonly<Record<'plain' | 'web' | 'db' | 'old', Image>>;
let shared: Image;

beforeAll(async () => {
  huawei = await createTestHuawei();
  pid = await huawei.projectOf('north');
  const { caller, installation } = huawei;
  const { context } = installation;
  const make = (name: string, createdAt: number, tags: Record<string, string>, more = {}) =>
    makePlainImage(context, caller, { name, createdAt, tags, ...more });
  images = {
    old: await make('old_web', 1, { env: 'test', team: 'web', word: '' }, { state: 'deprecated' }),
    db: await make('db', 2, { env: 'prod', team: 'db' }, { state: 'queued' }),
    web: await make('Web*1', 3, { env: 'prod', team: 'web' }, { protected: true }),
    plain: await make('plain_web', 4, {}),
  };
  // None of these are the project's.
  const other = { region: 'north', name: 'north_other', description: '' };
  const { result } = await createProject(context, caller, other);
  await make('elsewhere', 5, { env: 'elsewhere' }, { region: 'south' });
  await make('beside', 5, { env: 'beside' }, { projectId: result.id });
  const stranger = await installation.newCaller();
  shared = await makePlainImage(context, stranger, { name: 'theirs', tags: { env: 'theirs' } });
  await shareImage(context, stranger, shared.id, caller.accountName, { accepted: true });
  const everybodys = await makePlainImage(context, stranger, { name: 'everybodys', tags: { env: 'everybodys' } });
  await updateImage(context, stranger, everybodys.id, { visibility: 'public' });
});
afterAll(() => huawei.close());

const get = (path: string, query = {}) => huawei.client.call('GET', path, { query });

describe('ListImageTags', () => {
  it('has keys and values, by key', async () => {
    const answer = await get(`/v2/${pid}/images/${images.old.id}/tags`);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      tags: [
        { key: 'env', value: 'test' },
        { key: 'team', value: 'web' },
        { key: 'word', value: '' },
      ],
    });
    expect((await get(`/v2/${pid}/images/${images.plain.id}/tags`)).body).toEqual({ tags: [] });
  });

  it("does not tell of another account's tags, nor of what is not there", async () => {
    expect((await get(`/v2/${pid}/images/${shared.id}/tags`)).body).toEqual({ tags: [] });
    expectImageFault(await get(`/v2/${pid}/images/${randomUUID()}/tags`), imageFaults.imageNotFound);
    expectImageFault(await get(`/v2/${pid}/images/web/tags`), imageFaults.imageIdMalformed);
  });
});

it('ListImagesTags has each key of the project once', async () => {
  expect(await get(`/v2/${pid}/images/tags`)).toMatchObject({
    status: 200,
    body: {
      tags: [
        { key: 'env', values: ['prod', 'test'] },
        { key: 'team', values: ['db', 'web'] },
        { key: 'word', values: [''] },
      ],
    },
  });
  const south = await huawei.projectOf('south');
  const client = await huawei.newClient('viewer', { region: 'south' });
  const answer = await client.call('GET', `/v2/${south}/images/tags`);
  expect(answer.body).toEqual({ tags: [{ key: 'env', values: ['elsewhere'] }] });
});

describe('ListTags', () => {
  const words = async (query: Readonly<Record<string, string | number>> = {}) => {
    const answer = await get('/v1/cloudimages/tags', query);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const all = ['env=prod', 'env=test', 'team=db', 'team=web', 'word'];

  it('has words, a page of them', async () => {
    expect(await words()).toEqual({ tags: all });
    expect(await words({ limit: 2 })).toEqual({ tags: all.slice(0, 2) });
    expect(await words({ limit: '2', page: '2' })).toEqual({ tags: all.slice(2, 4) });
    expect(await words({ limit: 2, page: 3 })).toEqual({ tags: ['word'] });
    expect(await words({ limit: 2, page: 4 })).toEqual({ tags: [] });
  });

  it.each([
    [{ status: 'queued' }, ['env=prod', 'team=db']],
    [{ name: 'old_web' }, ['env=test', 'team=web', 'word']],
    [{ tag: 'env=prod' }, ['env=prod', 'team=db', 'team=web']],
    [{ protected: 'true' }, ['env=prod', 'team=web']],
    [{ __imagetype: 'private' }, all],
    [{ __imagetype: 'shared' }, []],
    [{ __imagetype: 'gold' }, []],
    [{ member_status: 'accepted' }, []],
    [{ status: 'deleted' }, []],
  ])('of the images of %j', async (query, expected) => {
    expect(await words(query)).toEqual({ tags: expected });
  });

  it('refuses what ListImages does', async () => {
    const { imageTypeUnknown, parameterInvalid, tooManyTags } = listImagesFaults;
    expectImageFault(await get('/v1/cloudimages/tags', { __imagetype: 'silver' }), imageTypeUnknown);
    const tag = Array.from({ length: 21 }, () => 'env=prod');
    expectImageFault(await get('/v1/cloudimages/tags', { tag }), tooManyTags);
    for (const query of [{ limit: 0 }, { limit: 501 }, { page: 0 }, { min_disk: 'x' }]) {
      expectImageFault(await get('/v1/cloudimages/tags', query), parameterInvalid);
    }
  });
});

describe('ListImageByTags', () => {
  const ask = (body: object, project = pid) =>
    huawei.client.call('POST', `/v2/${project}/images/resource_instances/action`, { body });
  const names = async (body: object) => {
    const answer = await ask({ action: 'filter', ...body });
    expect(answer.status).toBe(200);
    return answer.body.resources.map(({ resource_name }: { resource_name: string }) => resource_name);
  };
  const env = (...values: string[]) => ({ key: 'env', values });
  const team = (...values: string[]) => ({ key: 'team', values });

  it('tells of each what it is called, how it stands and its tags', async () => {
    const answer = await ask({ action: 'filter', tags: [env('prod')], limit: '1', offset: '1' });
    expect(answer.body).toEqual({
      total_count: 2,
      resources: [
        {
          resource_id: images.db.id,
          resource_name: 'db',
          resource_detail: { status: 'queued' },
          tags: [
            { key: 'env', value: 'prod' },
            { key: 'team', value: 'db' },
          ],
        },
      ],
    });
    const counted = await ask({ action: 'count', tags: [env('prod')], limit: '1', offset: '9' });
    expect(counted.body).toEqual({ total_count: 2 });
  });

  const every = ['plain_web', 'Web*1', 'db', 'old_web'];
  it.each([
    [{}, every],
    [{ tags: [], tags_any: null, not_tags: [], not_tags_any: [] }, every],
    [{ tags: [env('prod')] }, ['Web*1', 'db']],
    [{ tags: [env('prod', 'test')] }, ['Web*1', 'db', 'old_web']],
    [{ tags: [env('prod'), team('web')] }, ['Web*1']],
    [{ tags: [env()] }, ['Web*1', 'db', 'old_web']],
    [{ tags: [{ key: 'word' }] }, ['old_web']],
    [{ tags: [{ key: 'word', values: [''] }] }, ['old_web']],
    [{ tags: [env('none')] }, []],
    [{ tags_any: [env('test'), team('db')] }, ['db', 'old_web']],
    [{ not_tags: [env('prod'), team('web')] }, ['plain_web', 'db', 'old_web']],
    [{ not_tags_any: [env('prod'), team('web')] }, ['plain_web']],
    [{ not_tags_any: [team('db')] }, ['plain_web', 'Web*1', 'old_web']],
    [{ tags: [env('prod')], not_tags: [team('db')] }, ['Web*1']],
    [{ tags: [env('prod')], tags_any: [team('db'), team('web')], not_tags_any: [team('web')] }, ['db']],
    [{ without_any_tag: true }, ['plain_web']],
    [{ without_any_tag: 'true', tags: [env('prod')] }, ['plain_web']],
    [{ without_any_tag: false, tags: [env('prod')] }, ['Web*1', 'db']],
    [{ matches: [{ key: 'resource_name', value: 'WEB' }] }, ['plain_web', 'Web*1', 'old_web']],
    [{ matches: [{ key: 'resource_name', value: '*' }] }, ['Web*1']],
    [{ matches: [{ key: 'resource_name', value: '_' }] }, ['plain_web', 'old_web']],
    [{ matches: [{ key: 'resource_name', value: '' }] }, []],
    [{ matches: [{ key: 'resource_id', value: 'web' }] }, []],
    [{ matches: [{ key: 'resource_name', value: 'web' }], tags: [env('prod')] }, ['Web*1']],
    [{ matches: [] }, every],
    [{ limit: 2 }, every.slice(0, 2)],
    [{ limit: 2, offset: '3' }, ['old_web']],
    [{ offset: 4 }, []],
  ])('%j', async (body, expected) => {
    expect(await names(body)).toEqual(expected);
  });

  it("finds by id what is the project's", async () => {
    const byId = (value: string) => names({ matches: [{ key: 'resource_id', value }] });
    expect(await byId(images.db.id)).toEqual(['db']);
    expect(await byId(shared.id)).toEqual([]);
    expect(await byId(images.db.aliyunId)).toEqual([]);
  });

  it('has ten a page unless it is asked otherwise', async () => {
    const { caller, installation } = huawei;
    const tags = { many: '' };
    for (let index = 0; index < 11; index += 1) {
      await makePlainImage(installation.context, caller, { name: `many ${index}`, tags });
    }
    const asked = { action: 'filter', tags: [{ key: 'many' }] };
    const { body } = await ask(asked);
    expect([body.resources.length, body.total_count]).toEqual([10, 11]);
    expect((await ask({ ...asked, limit: '1000' })).body.resources).toHaveLength(11);
  });

  it.each([
    {},
    { action: 'Filter' },
    { action: 'filter', limit: 0 },
    { action: 'filter', limit: '1001' },
    { action: 'filter', offset: -1 },
    { action: 'filter', tags: 'env' },
    { action: 'filter', tags: ['env'] },
    { action: 'filter', matches: [{ key: 'resource_size', value: '1' }] },
    { action: 'filter', without_any_tag: 'maybe' },
  ])('%j is no question', async (body) => {
    expectImageFault(await ask(body), commonFaults.bodyInvalid);
  });

  it.each([
    [{ values: ['prod'] }],
    [env('x'.repeat(256))],
    [{ key: 'x'.repeat(128) }],
    [{ key: 7 }],
    Array.from({ length: 11 }, (_, index) => ({ key: `k${index}` })),
    [env(...Array.from({ length: 11 }, String))],
  ])('asks for no such tags: %#', async (...tags) => {
    for (const name of ['tags', 'tags_any', 'not_tags', 'not_tags_any']) {
      expectImageFault(await ask({ action: 'count', [name]: tags.flat() }), tagFilterFaults.tagInvalid);
    }
  });
});
