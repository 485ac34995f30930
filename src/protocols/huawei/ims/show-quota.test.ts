import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { shareImage } from '../../../app/share-image.ts';

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

it("shows what the account has in the request's region, and may have", async () => {
  const { context, operator, newCaller } = huawei.installation;
  const { caller } = huawei;
  const stranger = await newCaller();
  await setQuotas(context, operator, caller.accountId, 'north', { images: 20 });
  await setQuotas(context, operator, caller.accountId, 'south', { images: 5000 });
  const { id } = await makePlainImage(context, caller);
  await makePlainImage(context, caller, { state: 'queued' });
  await shareImage(context, caller, id, stranger.accountName);
  const foreign = await makePlainImage(context, stranger);
  await shareImage(context, stranger, foreign.id, caller.accountName, { accepted: true });

  const quotas = async (region: string) => {
    const viewer = await huawei.newClient('viewer', { region });
    return (await viewer.call('GET', '/v1/cloudimages/quota')).body;
  };
  expect(await quotas('north')).toEqual({
    quotas: {
      resources: [
        { type: 'image', used: 2, quota: 20, min: 1, max: 1000 },
        { type: 'image_shared', used: 1, quota: 20, min: 1, max: 1000 },
        { type: 'image_member', used: 0, quota: 128, min: 1, max: 1000 },
      ],
    },
  });
  expect((await quotas('south')).quotas.resources.slice(0, 2)).toEqual([
    { type: 'image', used: 0, quota: 5000, min: 1, max: 5000 },
    { type: 'image_shared', used: 0, quota: 5000, min: 1, max: 5000 },
  ]);
});
