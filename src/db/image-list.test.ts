/** What lists ask of PostgreSQL. What they find: `list-images.test.ts` beside the use case. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../test/support/aliyun-api.ts';
import { createTestHuawei, type TestHuawei } from '../../test/support/huawei-api.ts';
import { createTestApi, type TestApi } from '../../test/support/native-api.ts';
import { type ImageQuery, listImagesCounted } from '../app/list-images.ts';
import { listTags } from '../app/list-tags.ts';

let native: TestApi;
let aliyun: TestAliyun;
let huawei: TestHuawei;
beforeAll(async () => {
  native = await createTestApi();
  const on = native.installation;
  [aliyun, huawei] = await Promise.all([createTestAliyun({ on }), createTestHuawei({ on })]);
});
afterAll(async () => {
  await Promise.all([aliyun.close(), huawei.close()]);
  await native.close();
});

interface Statement {
  readonly text: string;
  /** Of one that is prepared. */
  readonly name?: string;
}

/** Whatever `work` asks, from below what prepares it (`preparing-client.ts`). */
async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return query.mock.calls.map(([asked]) => (typeof asked === 'string' ? { text: asked } : (asked as Statement)));
  } finally {
    query.mockRestore();
  }
}

const isPage = ({ text }: Statement) => text.includes('AS listed');

it.each<[string, () => Promise<{ readonly status: number }>]>([
  ['the native API', () => native.call('GET', '/images')],
  ['the native API in a region', () => native.call('GET', '/images?region=north&sort=name')],
  ["Alibaba Cloud's dialect", () => aliyun.client.call('DescribeImages', { RegionId: 'north' })],
  ['the same for a part', () => aliyun.client.call('DescribeImages', { RegionId: 'north', ImageOwnerAlias: 'self' })],
  ["Huawei Cloud's dialect", () => huawei.client.call('GET', '/v2/cloudimages')],
  ['the same for active ones', () => huawei.client.call('GET', '/v2/cloudimages', { query: { status: 'active' } })],
  ['Glance', () => huawei.client.call('GET', '/v2/images')],
  ["Glance's first version", () => huawei.client.call('GET', '/v1.1/images/detail')],
])('a plain list of %s is planned once', async (_, list) => {
  const asked = await statementsOf(async () => expect(await list()).toMatchObject({ status: 200 }));
  expect(asked.filter(isPage)).toMatchObject([{ name: expect.stringMatching(/^mimeo_\d+$/) }]);
});

const anybody = { owner: 'any', sort: 'createdAt', descending: true } as const;

async function textsOf(query: Partial<ImageQuery>): Promise<string[]> {
  const { context } = native.installation;
  const asked = await statementsOf(async () => {
    await listImagesCounted(context, native.caller, { ...anybody, ...query }, { offset: 0, limit: 10 });
    await listTags(context, native.caller, query);
  });
  return asked.filter(({ name }) => name === undefined).map(({ text }) => text);
}

it('a list by tags has no more joins for more of them', async () => {
  const tagsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));
  const setsOf = (count: number) =>
    (['all', 'any'] as const).flatMap((match) => {
      const choices = tagsOf(count).map(({ key, value }) => ({ key, values: [value] }));
      return [
        { match, choices },
        { match, choices, isNegated: true },
      ];
    });
  const tablesOf = (texts: readonly string[]) => texts.join(' ').match(/(from|join)\s+"?\w+/gi)?.length;
  const few = await textsOf({ tags: tagsOf(1), tagSets: setsOf(1) });
  const many = await textsOf({ tags: tagsOf(20), tagSets: setsOf(10) });
  expect(few).toHaveLength(2);
  expect(tablesOf(many)).toBe(tablesOf(few));
});

it('a list that the caller has chosen the filters of takes no place among what is prepared', async () => {
  const texts = await textsOf({ name: 'one', kind: 'iso', tags: [{ key: 'env', value: null }] });
  expect(texts).toHaveLength(2);
});
