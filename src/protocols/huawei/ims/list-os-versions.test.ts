import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { expectImageFault } from '../../../../test/support/huawei-faults.ts';
import { commonFaults } from '../common-faults.ts';
import { osPlatforms } from './os-versions-data.ts';

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

const ask = (tag?: string | readonly string[]) =>
  huawei.client.call('GET', '/v1/cloudimages/os_version', { query: { tag } });

it.each<[string | readonly string[] | undefined, string[]]>([
  [undefined, []],
  ['', []],
  ['arm', ['arm']],
  ['x86,bms', ['x86', 'bms']],
  [
    ['x86', 'bms'],
    ['x86', 'bms'],
  ],
  ['of the moon', ['of the moon']],
])('a bare array of those with all of the tags: %o', async (tag, tags) => {
  const { status, body } = await ask(tag);
  expect({ status, body }).toEqual({ status: 200, body: osPlatforms(tags) });
});

it('refuses a tag that is no text', async () => {
  expectImageFault(await ask('a\0b'), commonFaults.bodyInvalid);
});
