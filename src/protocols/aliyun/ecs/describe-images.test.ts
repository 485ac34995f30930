/** DescribeImages and DescribeImageFromFamily. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunClient, AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import type { Installation } from '../../../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { shareImage } from '../../../app/share-image.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import { imageStates } from '../../../domain/states.ts';
import { commonFaults } from '../common-faults.ts';
import { imageFromFamilyFaults } from './describe-image-from-family.ts';
import { describeImagesFaults } from './describe-images-faults.ts';

let aliyun: TestAliyun;
let installation: Installation;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  installation = aliyun.installation;
});
afterAll(() => aliyun.close());

const newImage = (caller: Caller, changes: Partial<NewImage> = {}) =>
  makePlainImage(installation.context, caller, changes);

async function newAccount(): Promise<{ caller: Caller; client: AliyunClient }> {
  const caller = await installation.newCaller();
  return { caller, client: await aliyun.newClient('viewer', caller) };
}

async function listed(client: AliyunClient, parameters: AliyunParameters = {}): Promise<string[]> {
  const { status, body } = await client.call('DescribeImages', { RegionId: 'north', ...parameters });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.Images.Image.map(({ ImageName }: { ImageName: string }) => ImageName);
}

async function look(client: AliyunClient, { aliyunId }: Image, parameters: AliyunParameters = {}) {
  const wanted = { RegionId: 'north', ImageId: aliyunId, ...parameters };
  return (await client.call('DescribeImages', wanted)).body.Images.Image[0];
}

const ask = (parameters: AliyunParameters) => () =>
  aliyun.client.call('DescribeImages', { RegionId: 'north', ...parameters });
const filter = (Key: string, Value?: string) => ({ 'Filter.1.Key': Key, 'Filter.1.Value': Value });

const provocations: Provocations<typeof describeImagesFaults> = {
  invalid: ask({ Status: 'Available,Ready' }),
  ownerAliasUnknown: ask({ ImageOwnerAlias: 'mine' }),
  publicOfOthersOnly: ask({ IsPublic: true, ImageOwnerAlias: 'self' }),
  ownerIdUnsupported: ask({ ImageOwnerId: 1234567890123456 }),
  tagWithoutKey: ask({ 'Tag.1.Value': 'x' }),
  tooManyTags: ask(Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`Tag.${index}.Key`, `k${index}`]))),
  instanceTypeUnknown: ask({ InstanceType: 't2.micro' }),
  networkTypeUnknown: ask(filter('NetworkType', 'token-ring')),
  filterKeyUnknown: ask(filter('Colour', 'red')),
  filterValueInvalid: ask(filter('CreationStartTime', '5 December')),
  usageInvalid: ask({ Usage: 'much' }),
  osTypeInvalid: ask({ OSType: 'plan9' }),
  architectureInvalid: ask({ Architecture: 'mips' }),
};

describe('DescribeImages', () => {
  it.each(rowsOf(describeImagesFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it.each<[string, AliyunParameters]>([
    ['ALL beside others', { Status: 'ALL,Available' }],
    ['a page of nothing', { PageSize: 0 }],
    ['a page that is too long', { PageSize: 101 }],
    ['a page before the first', { PageNumber: 0 }],
    ['a flag that is none', { IsPublic: 'maybe' }],
    ['an action that is none', { ActionType: 'Destroy' }],
    ['an owner that is no number', { ImageOwnerAlias: 'others', ImageOwnerId: 'me' }],
    ['too many ids', { ImageId: Array.from({ length: 101 }, (_, index) => `m-${index}`).join() }],
  ])('refuses %s', async (_, parameters) => {
    expectFault(await ask(parameters)(), describeImagesFaults.invalid);
  });

  it('refuses a filter without a value, and a time that no calendar has', async () => {
    for (const value of [undefined, '2026-13-01T00:00Z', '2026-02-31T00:00Z', '2026-02-31T00:00:00Z']) {
      expectFault(await ask(filter('CreationEndTime', value))(), describeImagesFaults.filterValueInvalid);
    }
    expectFault(await ask(filter('CpuOnlineUpgrade', 'yes'))(), describeImagesFaults.filterValueInvalid);
  });

  it('knows its regions, and asks for a Status where Usable is said', async () => {
    expectFault(await ask({ RegionId: 'nowhere' })(), commonFaults.regionNotFound);
    expectFault(await ask({ RegionId: undefined })(), commonFaults.missingParameter);
    expectFault(await ask({ Usable: true })(), commonFaults.missingParameter);
    expectFault(await ask({ DryRun: true })(), commonFaults.dryRunPassed);
  });

  it('shows by Status: what is available without it, everything with ALL', async () => {
    const { caller, client } = await newAccount();
    for (const state of imageStates) await newImage(caller, { name: state, state });
    const byStatus: [AliyunParameters, string[]][] = [
      [{}, ['available']],
      [{ Status: '' }, ['available']],
      [{ Status: 'Available' }, ['available']],
      [{ Status: 'Waiting,Creating' }, ['copying', 'queued', 'uploading']],
      [{ Status: 'Deprecated' }, ['deprecated']],
      [{ Status: 'CreateFailed,UnAvailable' }, ['failed']],
      [{ Status: 'UnAvailable' }, []],
      [{ Status: 'ALL' }, [...imageStates].toSorted()],
      [{ Status: 'ALL', Usable: true }, ['available', 'deprecated']],
      [{ Status: 'Waiting,Available', Usable: false }, ['queued']],
    ];
    for (const [parameters, names] of byStatus) {
      expect((await listed(client, parameters)).toSorted(), JSON.stringify(parameters)).toEqual(names);
    }
    expect(await listed(client, { Status: 'ALL', RegionId: 'south' })).toEqual([]);
  });

  it('has pages, newest first, and counts all', async () => {
    const { caller, client } = await newAccount();
    for (let day = 1; day <= 12; day++) await newImage(caller, { name: `day-${day}`, createdAt: day * 86_400_000 });
    const page = async (PageNumber?: number, PageSize?: number) =>
      (await client.call('DescribeImages', { RegionId: 'north', PageNumber, PageSize })).body;
    expect(await page()).toMatchObject({ RegionId: 'north', TotalCount: 12, PageNumber: 1, PageSize: 10 });
    expect((await page()).Images.Image.map(({ ImageName }: { ImageName: string }) => ImageName)).toEqual(
      Array.from({ length: 10 }, (_, index) => `day-${12 - index}`),
    );
    const second = await page(2, 5);
    expect(second).toMatchObject({ TotalCount: 12, PageNumber: 2, PageSize: 5 });
    expect(second.Images.Image.map(({ ImageName }: { ImageName: string }) => ImageName)).toEqual([
      'day-7',
      'day-6',
      'day-5',
      'day-4',
      'day-3',
    ]);
    expect(await page(4, 5)).toMatchObject({ TotalCount: 12, Images: { Image: [] } });
    const times = { ...filter('CreationStartTime', '1970-01-04T00:00Z'), 'Filter.2.Key': 'CreationEndTime' };
    expect(await listed(client, { ...times, 'Filter.2.Value': '1970-01-05T23:59Z' })).toEqual(['day-4', 'day-3']);
    // An end is the end of its minute, or second.
    for (const end of ['1970-01-06T00:00Z', '1970-01-06T00:00:00Z']) {
      expect(await listed(client, { ...times, 'Filter.2.Value': end })).toEqual(['day-5', 'day-4', 'day-3']);
    }
  });

  it('finds by what images are called and by what is said of them', async () => {
    const { caller, client } = await newAccount();
    const { result: group } = await createResourceGroup(installation.context, caller, { name: 'g', description: '' });
    const windows = await newImage(caller, {
      name: 'win-2022',
      resourceGroupId: group.id,
      tags: { stage: 'test', team: 'a' },
      attributes: { family: 'win', osType: 'windows', architecture: 'i386', cloudInit: true },
    });
    const plain = await newImage(caller, { name: 'plain-1', tags: { stage: '' } });
    const both = ['plain-1', 'win-2022'];
    const cases: [AliyunParameters, string[]][] = [
      [{ ImageId: windows.aliyunId }, ['win-2022']],
      [{ ImageId: `${windows.aliyunId},${plain.aliyunId}` }, both],
      [{ ImageId: windows.id }, []],
      [{ ImageId: windows.jdcloudId }, []],
      [{ ImageId: 'm-00000000000000000000' }, []],
      [{ ImageName: 'plain-1' }, ['plain-1']],
      [{ ImageName: 'plain' }, []],
      [{ ImageName: 'pl*-1' }, ['plain-1']],
      [{ ImageName: '*' }, both],
      [{ ImageName: '%' }, []],
      [{ ImageFamily: 'win' }, ['win-2022']],
      [{ SnapshotId: plain.disks[0]?.snapshot.aliyunId }, ['plain-1']],
      [{ OSType: 'linux' }, ['plain-1']],
      [{ OSType: 'windows' }, ['win-2022']],
      [{ Architecture: 'x86_64' }, ['plain-1']],
      [{ Architecture: 'i386', OSType: 'windows' }, ['win-2022']],
      [{ IsSupportCloudinit: 'True' }, ['win-2022']],
      [{ IsSupportCloudinit: false }, ['plain-1']],
      [{ IsSupportIoOptimized: true }, both],
      [{ IsSupportIoOptimized: false }, []],
      [{ Usage: 'none' }, both],
      [{ Usage: 'instance' }, []],
      [{ ActionType: 'ChangeOS', InstanceType: 'ecs.g5.large', ShowExpired: true }, both],
      [{ ResourceGroupId: group.aliyunId }, ['win-2022']],
      [{ ResourceGroupId: group.id }, []],
      [{ ResourceGroupId: 'rg-000000000000000' }, []],
      [{ 'Tag.1.Key': 'stage' }, both],
      [{ 'Tag.1.Key': 'acs:rm:rgId' }, []],
      [{ 'Tag.1.Key': 'stage', 'Tag.1.Value': 'acs:x' }, []],
      [{ 'Tag.1.key': 'stage', 'Tag.1.value': 'test' }, ['win-2022']],
      [{ 'Tag.1.Key': 'stage', 'Tag.1.Value': 'test', 'Tag.2.Key': 'team', 'Tag.2.Value': 'b' }, []],
      [filter('NetworkType', 'vpc'), both],
      [filter('NetworkType', 'classic'), []],
      [filter('MemoryOnlineDowngrade', 'unsupported'), both],
      [filter('CpuOnlineUpgrade', 'supported'), []],
      [{ ImageOwnerAlias: 'self' }, both],
      [{ ImageOwnerAlias: 'system' }, []],
      [{ ImageOwnerAlias: 'marketplace' }, []],
    ];
    for (const [parameters, names] of cases) {
      expect((await listed(client, parameters)).toSorted(), JSON.stringify(parameters)).toEqual(names);
    }
  });

  it("shows others' images where it is asked for them, and of those only what is everybody's business", async () => {
    const { context } = installation;
    const { caller, client } = await newAccount();
    const owner = await installation.newCaller();
    const make = async (name: string) => await newImage(owner, { name, tags: { its: 'own' } });
    const [shared, open] = [await make('shared'), await make('open')];
    await make('hidden');
    await shareImage(context, owner, shared.id, caller.accountName, { accepted: true });
    await shareImage(context, owner, (await make('offered')).id, caller.accountName);
    await updateImage(context, owner, open.id, { visibility: 'public' });
    await newImage(caller, { name: 'own' });
    const cases: [AliyunParameters, string[]][] = [
      [{}, ['own', 'shared']],
      [{ ImageOwnerAlias: 'self' }, ['own']],
      [{ ImageOwnerAlias: 'others' }, ['shared']],
      [{ ImageOwnerAlias: 'others', IsPublic: false }, ['shared']],
      [{ ImageOwnerAlias: 'others', IsPublic: true, ImageName: 'open' }, ['open']],
      [{ ImageOwnerAlias: 'others', ImageOwnerId: owner.accountNumber }, ['shared']],
      [{ ImageOwnerAlias: 'others', ImageOwnerId: caller.accountNumber }, []],
    ];
    for (const [parameters, names] of cases) {
      expect((await listed(client, parameters)).toSorted(), JSON.stringify(parameters)).toEqual(names);
    }
    expect(await look(client, shared)).toMatchObject({
      ImageOwnerAlias: 'others',
      ImageOwnerId: owner.accountNumber,
      IsSelfShared: '',
      IsPublic: false,
      Tags: { Tag: [] },
      DiskDeviceMappings: { DiskDeviceMapping: [{ SnapshotId: '' }] },
    });
    const seenByOwner = await aliyun.newClient('viewer', owner);
    expect(await look(seenByOwner, shared)).toMatchObject({ ImageOwnerAlias: 'self', IsSelfShared: 'True' });
    expect(await look(seenByOwner, open)).toMatchObject({ IsPublic: true, IsSelfShared: 'False' });
  });

  it('tells everything of an image, in the types that clients expect', async () => {
    const { caller, client } = await newAccount();
    const { result: group } = await createResourceGroup(installation.context, caller, { name: 'g', description: '' });
    const image = await newImage(caller, {
      name: 'golden',
      description: 'all of it',
      createdAt: Date.UTC(2026, 10, 21, 12, 30, 15, 678),
      resourceGroupId: group.id,
      tags: { stage: 'test', empty: '' },
      attributes: {
        family: 'golden',
        version: '2',
        platform: 'Ubuntu',
        architecture: 'arm64',
        licenseType: 'BYOL',
        nvmeSupport: true,
        imdsSupport: 'v2',
        cloudInit: true,
      },
      disks: Array.from({ length: 28 }, (_, index) => ({
        index,
        role: index === 0 ? ('system' as const) : ('data' as const),
        format: index === 0 ? ('qcow2' as const) : null,
        size: (index + 1) * 1024 ** 3 + 1,
        dataBytes: null,
        digest: null,
        key: null,
        snapshot: {
          id: randomUUID(),
          aliyunId: `s-${randomUUID().replaceAll('-', '').slice(0, 20)}`,
          jdcloudId: `snapshot-${randomUUID().slice(-10)}`,
        },
      })),
    });
    const seen = await look(client, image);
    const mappings = seen.DiskDeviceMappings.DiskDeviceMapping;
    const mapping = { ImportOSSBucket: '', ImportOSSObject: '', Encrypted: false, Progress: '' };
    expect(mappings[0]).toEqual({
      ...mapping,
      Device: '/dev/xvda',
      Type: 'system',
      Size: '2',
      Format: 'QCOW2',
      SnapshotId: image.disks[0]?.snapshot.aliyunId,
    });
    expect(mappings[1]).toMatchObject({ ...mapping, Device: '/dev/xvdb', Type: 'data', Size: '3', Format: '' });
    expect(mappings.slice(25).map(({ Device }: { Device: string }) => Device)).toEqual([
      '/dev/xvdz',
      '/dev/xvdaa',
      '/dev/xvdab',
    ]);
    expect(seen).toEqual({
      ImageId: image.aliyunId,
      ImageName: 'golden',
      Description: 'all of it',
      ImageFamily: 'golden',
      ImageVersion: '2',
      CreationTime: '2026-11-21T12:30:15Z',
      Status: 'Available',
      Progress: '100%',
      Usable: true,
      Size: 2,
      Architecture: 'arm64',
      BootMode: 'UEFI',
      OSType: 'linux',
      OSName: 'Ubuntu 64位',
      OSNameEn: 'Ubuntu 64 bit',
      Platform: 'Ubuntu',
      LicenseType: 'BYOL',
      IsCopied: false,
      IsPublic: false,
      IsSelfShared: 'False',
      IsSubscribed: false,
      IsSupportCloudinit: true,
      IsSupportIoOptimized: true,
      LoginAsNonRootSupported: false,
      ImageOwnerAlias: 'self',
      ImageOwnerId: caller.accountNumber,
      ResourceGroupId: group.aliyunId,
      ProductCode: '',
      SupplierName: '',
      Usage: 'none',
      DiskDeviceMappings: { DiskDeviceMapping: mappings },
      Tags: {
        Tag: [
          { TagKey: 'empty', TagValue: '' },
          { TagKey: 'stage', TagValue: 'test' },
        ],
      },
      Features: {
        NvmeSupport: 'supported',
        ImdsSupport: 'v2',
        CpuOnlineUpgrade: 'unsupported',
        CpuOnlineDowngrade: 'unsupported',
        MemoryOnlineUpgrade: 'unsupported',
        MemoryOnlineDowngrade: 'unsupported',
      },
    });
    const bare = await look(
      client,
      await newImage(caller, { attributes: { osType: 'windows', architecture: 'i386' } }),
    );
    expect(bare).toMatchObject({ Platform: 'Others Windows', OSName: 'Others Windows 32位', BootMode: 'BIOS' });
  });

  it('tells where an image comes from while it is imported, and how far that is', async () => {
    const { context } = installation;
    const { caller, client } = await newAccount();
    const image = await newImage(caller, { state: 'uploading' });
    const task = await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'import'));
    await context.db.updateTable('tasks').set({ bytes_done: 50 }).where('id', '=', task.id).execute();
    expect(await look(client, image, { Status: 'Creating' })).toMatchObject({
      Status: 'Creating',
      Progress: '25%',
      DiskDeviceMappings: { DiskDeviceMapping: [{ ImportOSSBucket: 'images', ImportOSSObject: 'golden.raw' }] },
    });
  });

  it('nests its lists in XML as in JSON', async () => {
    const { caller, client } = await newAccount();
    await newImage(caller, { tags: { a: '1', b: '2' } });
    const { headers, body } = await client.call('DescribeImages', { RegionId: 'north' }, { format: 'XML' });
    expect(headers.get('content-type')).toBe('text/xml;charset=utf-8');
    expect(body).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><DescribeImagesResponse>.*<Images><Image>/);
    expect(body).toContain('<Tags><Tag><TagKey>a</TagKey><TagValue>1</TagValue></Tag><Tag><TagKey>b</TagKey>');
  });
});

describe('DescribeImageFromFamily', () => {
  const fromFamily = (client: AliyunClient, parameters: AliyunParameters = {}) =>
    client.call('DescribeImageFromFamily', { RegionId: 'north', ImageFamily: 'golden', ...parameters });

  const familyProvocations: Provocations<typeof imageFromFamilyFaults> = {
    regionNotFound: ({ client }) => fromFamily(client, { RegionId: 'nowhere' }),
  };
  it.each(rowsOf(imageFromFamilyFaults, familyProvocations))('says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('tells of the newest that is available, and of none if there is none', async () => {
    const { caller, client } = await newAccount();
    expect((await fromFamily(client)).body).toEqual({ RequestId: expect.any(String) });
    const attributes = { family: 'golden' };
    await newImage(caller, { name: 'first', attributes, createdAt: 1000 });
    await newImage(caller, { name: 'second', attributes, createdAt: 2000 });
    await newImage(caller, { name: 'withdrawn', attributes, createdAt: 3000, state: 'deprecated' });
    await newImage(caller, { name: 'elsewhere', attributes, createdAt: 4000, region: 'south' });
    await newImage(caller, { name: 'of none', createdAt: 5000 });
    expect((await fromFamily(client)).body.Image).toMatchObject({ ImageName: 'second', ImageFamily: 'golden' });
    expectFault(await fromFamily(client, { ImageFamily: '' }), commonFaults.missingParameter);
  });
});
