/** DescribeRegions and DescribeAccountAttributes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import { expectFault } from '../../../../test/support/aliyun-faults.ts';
import { commonFaults } from '../common-faults.ts';

let aliyun: TestAliyun;
beforeAll(async () => {
  aliyun = await createTestAliyun();
});
afterAll(() => aliyun.close());

describe('DescribeRegions', () => {
  it('lists every region, to be found at the same address, as Packer and glci ask for them', async () => {
    const viewer = await aliyun.newClient('viewer');
    const { host } = new URL(aliyun.url);
    const regions = ['north', 'south'].map((id) => ({
      RegionId: id,
      LocalName: id,
      RegionEndpoint: host,
      Status: 'available',
    }));
    // Packer's Go client signs RPC and puts an empty token, glci's signs ACS3.
    const asked = [
      await viewer.call('DescribeRegions', { SecurityToken: '', RegionId: 'north' }),
      await viewer.call('DescribeRegions', { AcceptLanguage: 'en-US' }, { signing: 'acs3' }),
      await viewer.call('DescribeRegions', { InstanceChargeType: 'PostPaid', ResourceType: 'disk' }, { method: 'GET' }),
    ];
    for (const answer of asked) {
      expect(answer).toMatchObject({ status: 200, body: { Regions: { Region: regions } } });
    }
  });

  it('answers in XML with an element for each', async () => {
    const { body } = await aliyun.client.call<string>('DescribeRegions', {}, { format: null });
    expect(body.match(/<Region><RegionId>(north|south)<\/RegionId>/g)).toHaveLength(2);
    expect(body).toMatch(/^<\?xml .*\?>\s*<DescribeRegionsResponse>/);
  });

  it('knows no other ResourceType', async () => {
    const answer = await aliyun.client.call('DescribeRegions', { ResourceType: 'x' });
    expectFault(answer, commonFaults.invalidParameter);
  });
});

describe('DescribeAccountAttributes', () => {
  const call = async (parameters: Record<string, string>) =>
    await aliyun.client.call('DescribeAccountAttributes', { RegionId: 'north', ...parameters });

  it('has what is documented, and nothing of instances', async () => {
    const { body } = await call({});
    const items = body.AccountAttributeItems.AccountAttributeItem;
    expect(items).toContainEqual({
      AttributeName: 'max-security-groups',
      AttributeValues: { ValueItem: [{ Value: '0' }] },
    });
    expect(items.some(({ AttributeName }: { AttributeName: string }) => AttributeName.includes('image'))).toBe(false);
  });

  it('answers what it is asked for, in that order', async () => {
    const { body } = await call({
      'AttributeName.1': 'supported-postpaid-instance-types',
      'AttributeName.2': 'instance-network-type',
    });
    expect(body.AccountAttributeItems.AccountAttributeItem).toEqual([
      { AttributeName: 'supported-postpaid-instance-types', AttributeValues: { ValueItem: [] } },
      { AttributeName: 'instance-network-type', AttributeValues: { ValueItem: [{ Value: 'vpc' }] } },
    ]);
  });

  it('knows the names and the regions that there are', async () => {
    expectFault(await call({ 'AttributeName.1': 'max-images' }), commonFaults.invalidParameter);
    expectFault(await call({ RegionId: 'east' }), commonFaults.regionNotFound);
    expectFault(await aliyun.client.call('DescribeAccountAttributes'), commonFaults.missingParameter);
  });
});
