/** Tags in the native API, which are words. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { shareImage } from '../../../app/share-image.ts';
import { addTagFaults } from './add-tag.ts';
import { deleteTagFaults } from './delete-tag.ts';

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

const newImage = (tags: Readonly<Record<string, string>> = {}, caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, { tags });
const call = (method: 'PUT' | 'DELETE', id: string, tag: string) =>
  huawei.client.call(method, `/v2/images/${id}/tags/${encodeURIComponent(tag)}`);
const tagsOf = async (id: string) => (await findImage(huawei.installation.context, huawei.caller, id)).tags;

async function sharedImage(): Promise<string> {
  const { context, newCaller } = huawei.installation;
  const owner = await newCaller();
  const { id } = await newImage({ word: '' }, owner);
  await shareImage(context, owner, id, huawei.caller.accountName, { accepted: true });
  return id;
}

const adding: Provocations<typeof addTagFaults> = {
  malformed: async () => call('PUT', (await newImage()).id, 'x'.repeat(129)),
  forbidden: async () => call('PUT', await sharedImage(), 'word'),
  notFound: () => call('PUT', randomUUID(), 'word'),
  async tooMany() {
    const tags = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, '']));
    return await call('PUT', (await newImage(tags)).id, 'word');
  },
};
const deleting: Provocations<typeof deleteTagFaults> = {
  forbidden: async () => call('DELETE', await sharedImage(), 'word'),
  notFound: async () => call('DELETE', (await newImage()).id, 'word'),
};

it.each([...rowsOf(addTagFaults, adding), ...rowsOf(deleteTagFaults, deleting)])(
  '$fault.code $name: $fault.when',
  async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'glance' });
  },
);

describe('a tag', () => {
  it('is added as it is shown, and taken away so', async () => {
    const { id } = await newImage({ other: 'stays' });
    const words = ['word', 'env=prod', 'a b/c', '标签', '=odd'];
    for (const word of [...words, 'word']) expect(await call('PUT', id, word)).toMatchObject({ status: 204, body: '' });
    const kept = { word: '', env: 'prod', 'a b/c': '', 标签: '', '=odd': '' };
    expect(await tagsOf(id)).toEqual({ other: 'stays', ...kept });
    const shown = await huawei.client.call('GET', `/v2/images/${id}`);
    expect(shown.body.tags.toSorted()).toEqual(['other=stays', ...words].toSorted());
    for (const word of ['env', 'env=test', 'other']) {
      expectFault(await call('DELETE', id, word), deleteTagFaults.notFound, { service: 'glance' });
    }
    for (const word of words) expect((await call('DELETE', id, word)).status).toBe(204);
    expect(await tagsOf(id)).toEqual({ other: 'stays' });
  });

  it('of an image that is not there', async () => {
    const { id, aliyunId } = await newImage({ word: '' }, await huawei.installation.newCaller());
    for (const name of [id, aliyunId, 'golden']) {
      for (const method of ['PUT', 'DELETE'] as const) {
        expectFault(await call(method, name, 'word'), deleteTagFaults.notFound, { service: 'glance' });
      }
    }
  });
});
