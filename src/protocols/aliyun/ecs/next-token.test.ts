/** Tokens that were never given out: what marks one as its list's own is no secret. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault } from '../../../../test/support/aliyun-faults.ts';
import { makeImage } from '../../../../test/support/installation.ts';
import { commonFaults } from '../common-faults.ts';

let aliyun: TestAliyun;
const lists: Record<string, AliyunParameters> = {
  DescribeSnapshots: { RegionId: 'north', MaxResults: 1 },
};
beforeAll(async () => {
  aliyun = await createTestAliyun();
  const { installation, caller, client } = aliyun;
  const disks = [1, 2, 3].map(() => randomBytes(1000));
  const { aliyunId } = await makeImage(installation.context, caller, disks);
  const { body } = await client.call('DescribeSnapshots', { RegionId: 'north' });
  const ids = body.Snapshots.Snapshot.map(({ SnapshotId }: { SnapshotId: string }) => SnapshotId);
  expect([aliyunId, ids]).toEqual([expect.any(String), expect.objectContaining({ length: 3 })]);
  const named: Record<string, string> = { RegionId: 'north', ResourceType: 'snapshot' };
  for (const [index, id] of ids.entries()) named[`ResourceId.${index + 1}`] = id;
  // A page has 50.
  const tags = Array.from({ length: 20 }, (_, index) => [`Tag.${index + 1}.Key`, `key-${index}`]);
  expect((await client.call('TagResources', { ...named, ...Object.fromEntries(tags) })).status).toBe(200);
  lists['ListTagResources'] = named;
});
afterAll(() => aliyun.close());

describe.each(['DescribeSnapshots', 'ListTagResources'])('of %s', (action) => {
  const ask = (NextToken?: string) => aliyun.client.call(action, { ...lists[action], NextToken });

  it('goes on where it is given out', async () => {
    const { NextToken } = (await ask()).body;
    expect(NextToken).not.toBe('');
    expect(await ask(NextToken)).toMatchObject({ status: 200 });
  });

  it.each(['x\0', '\ud800', 1.5, 1e300, null])('is refused with %j in it', async (forged) => {
    const { NextToken } = (await ask()).body;
    const [mark, place] = JSON.parse(Buffer.from(NextToken, 'base64url').toString());
    const token = Buffer.from(JSON.stringify([mark, { ...place, value: forged }])).toString('base64url');
    expectFault(await ask(token), commonFaults.invalidParameter);
  });

  it('is refused with a value of the other kind in it', async () => {
    const { NextToken } = (await ask()).body;
    const [mark, place] = JSON.parse(Buffer.from(NextToken, 'base64url').toString());
    const value = typeof place.value === 'number' ? 'x' : 1;
    const token = Buffer.from(JSON.stringify([mark, { ...place, value }])).toString('base64url');
    expectFault(await ask(token), commonFaults.invalidParameter);
  });
});
