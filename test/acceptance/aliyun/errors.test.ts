/** Rows of the error tables as Alibaba Cloud's own client raises them; those of keys are in `keys.test.ts`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Access,
  type Answer,
  anyClient,
  type Client,
  clients,
  kmsClient,
  type Parameters,
  raisedBy,
  stsClient,
} from './clients.ts';
import { createSite, type Site } from './site.ts';

const [here, there] = ['cn-hangzhou', 'cn-shanghai'] as const;
const nowhere = 'm-00000000000000000000';

let site: Site;
let ecs: Client;
/** An owner of another account. */
let friend: Client;
let friendNumber: string;
let viewer: Client;
/** Ids of images in `here`, by what they are for. */
let images: Readonly<Record<'shared' | 'public' | 'deprecated' | 'ofFriend' | 'publicOfFriend' | 'copied', string>>;
/** On its way to `there`. */
let copying: string;
let snapshot: string;

function withKey(key: { id: string; secret: string }): Access {
  return { url: site.access.url, accessKeyId: key.id, accessKeySecret: key.secret };
}

beforeAll(async () => {
  // Without workers a copy waits for as long as it is needed.
  site = await createSite({ dataMiB: 2, settings: { MIMEO_COPY_WORKERS: '0' } });
  const { mimeo } = site;
  const make = clients['ecs20140526 7.x (ACS3, POST)'] as (access: Access) => Client;
  ecs = make(site.access);
  interface Made {
    readonly account: { readonly number: string };
    readonly accessKey: { readonly id: string; readonly secret: string };
  }
  const made = await mimeo.json<Made>('account', 'create', 'friend');
  friendNumber = made.account.number;
  friend = make(withKey(made.accessKey));
  await mimeo.json('user', 'create', 'watcher', '--role', 'viewer');
  viewer = make(withKey(await mimeo.json('access-key', 'create', '--user', 'watcher')));

  const golden = await site.find(here, site.imageId);
  snapshot = golden.DiskDeviceMappings.DiskDeviceMapping[0].SnapshotId;
  const makeImage = async (name: string) =>
    (await ecs.call('CreateImage', { RegionId: here, SnapshotId: snapshot, ImageName: name })).ImageId as string;
  const shared = await makeImage('shared');
  await ecs.call('ModifyImageSharePermission', { RegionId: here, ImageId: shared, AddAccount: [friendNumber] });
  const open = await makeImage('public');
  await ecs.call('ModifyImageSharePermission', { RegionId: here, ImageId: open, IsPublic: true });
  const deprecated = await makeImage('deprecated');
  await ecs.call('ModifyImageAttribute', { RegionId: here, ImageId: deprecated, Status: 'Deprecated' });
  const copied = await makeImage('copied');
  images = { shared, public: open, deprecated, copied, ofFriend: shared, publicOfFriend: open };
  const asked = { RegionId: here, ImageId: site.imageId, DestinationRegionId: there, DestinationImageName: 'taken' };
  copying = (await ecs.call('CopyImage', asked)).ImageId;
}, 120_000);
afterAll(() => site.mimeo.remove());

/** A copy that would be accepted, were it not for the changes. */
function copy(changes: Parameters = {}): Parameters {
  return {
    RegionId: here,
    ImageId: images.copied,
    DestinationRegionId: there,
    DestinationImageName: 'new',
    ...changes,
  };
}
const tags = (count: number) => Array.from({ length: count }, (_, number) => ({ Key: `key-${number}`, Value: 'v' }));

type Row = readonly [code: string, status: number, action: string, parameters: () => Parameters, by?: () => Client];

function toCase([code, statusCode, action, parameters, by]: Row) {
  return { code, statusCode, action, parameters, by };
}

const copyRows: readonly Row[] = [
  ['MissingParameter', 400, 'CopyImage', () => copy({ ImageId: undefined })],
  ['InvalidImageName.Malformed', 400, 'CopyImage', () => copy({ DestinationImageName: 'acs:mine' })],
  ['InvalidDescription.Malformed', 400, 'CopyImage', () => copy({ DestinationDescription: 'http://x' })],
  ['SourceRegion.NotFound', 400, 'CopyImage', () => copy({ RegionId: 'cn-atlantis' })],
  ['DestinationRegion.NotFound', 400, 'CopyImage', () => copy({ DestinationRegionId: 'cn-atlantis' })],
  ['IncorrectImageStatus', 400, 'CopyImage', () => copy({ ImageId: images.deprecated })],
  ['InvalidImageName.Duplicated', 400, 'CopyImage', () => copy({ DestinationImageName: 'taken' })],
  ['OperationDenied.CommunityImage', 400, 'CopyImage', () => copy({ ImageId: images.publicOfFriend }), () => friend],
  ['OperationDenied.SameRegionOnly', 403, 'CopyImage', () => copy({ ImageId: images.ofFriend }), () => friend],
  ['OperationDenied.ImageCopyConflict', 400, 'CopyImage', () => copy({ ImageId: site.imageId })],
  ['IncorrectDestinationRegion', 403, 'CopyImage', () => copy({ DestinationRegionId: here })],
  ['InvalidImageId.NotFound', 404, 'CopyImage', () => copy({ ImageId: nowhere })],
  ['InvalidResourceGroup.NotFound', 404, 'CopyImage', () => copy({ ResourceGroupId: 'rg-00000000000000' })],
  ['InvalidTagKey.Malformed', 400, 'CopyImage', () => copy({ Tag: [{ Key: 'acs:team', Value: 'a' }] })],
  ['InvalidTagValue.Malformed', 400, 'CopyImage', () => copy({ Tag: [{ Key: 'team', Value: 'http://a' }] })],
  ['NumberExceed.Tags', 400, 'CopyImage', () => copy({ Tag: tags(21) })],
  ['DryRunOperation', 400, 'CopyImage', () => copy({ DryRun: true })],
  ['Forbbiden', 403, 'CopyImage', () => copy(), () => viewer],
];

const imageRows: readonly Row[] = [
  ['ImageCreatedNotFromCopy', 400, 'CancelCopyImage', () => ({ RegionId: here, ImageId: images.copied })],
  ['InvalidRegionId.NotFound', 404, 'CancelCopyImage', () => ({ RegionId: 'cn-atlantis', ImageId: copying })],
  ['InvalidImageId.NotFound', 404, 'CancelCopyImage', () => ({ RegionId: here, ImageId: copying })],
  ['InvalidImageOwnerAlias.ValueNotSupported', 400, 'DescribeImages', () => ({ ImageOwnerAlias: 'mine' })],
  ['InvalidTag.Mismatch', 400, 'DescribeImages', () => ({ Tag: [{ Value: 'v' }] })],
  ['InvalidTagCount', 400, 'DescribeImages', () => ({ Tag: tags(21) })],
  ['InvalidFilterKey.NotFound', 404, 'DescribeImages', () => ({ Filter: [{ Key: 'Colour', Value: 'red' }] })],
  ['InvalidFilterValue', 404, 'DescribeImages', () => ({ Filter: [{ Key: 'CreationStartTime', Value: 'now' }] })],
  [
    'InvalidFilterValue.NetworkType',
    400,
    'DescribeImages',
    () => ({ Filter: [{ Key: 'NetworkType', Value: 'wifi' }] }),
  ],
  ['InvalidUsage', 404, 'DescribeImages', () => ({ Usage: 'fun' })],
  ['InvalidOSType', 404, 'DescribeImages', () => ({ OSType: 'plan9' })],
  ['InvalidArchitecture', 404, 'DescribeImages', () => ({ Architecture: 'vax' })],
  ['InvalidParamter', 400, 'DescribeImages', () => ({ Status: 'ALL,Available' })],
  ['ImageUseShared', 403, 'DeleteImage', () => ({ ImageId: images.shared })],
  ['ImageIsPublic', 403, 'DeleteImage', () => ({ ImageId: images.public })],
  ['OperationDenied.ImageCopying', 403, 'DeleteImage', () => ({ RegionId: there, ImageId: copying })],
  [
    'InvalidImageFamily.Malformed',
    400,
    'ModifyImageAttribute',
    () => ({ ImageId: images.copied, ImageFamily: 'acs:x' }),
  ],
  ['InvalidBootMode.NotSupport', 400, 'ModifyImageAttribute', () => ({ ImageId: images.copied, BootMode: 'floppy' })],
  ['InvalidImageName.Duplicated', 400, 'ModifyImageAttribute', () => ({ ImageId: images.copied, ImageName: 'golden' })],
];

const otherRows: readonly Row[] = [
  ['InvalidAccount.NotFound', 404, 'ModifyImageSharePermission', () => ({ ImageId: images.copied, AddAccount: ['1'] })],
  ['Image.NotPublic', 403, 'ModifyImageSharePermission', () => ({ ImageId: images.copied, IsPublic: false })],
  ['Image.Public', 403, 'ModifyImageSharePermission', () => ({ ImageId: images.public, IsPublic: true })],
  [
    'OperationDenied.InvalidImageStatus',
    403,
    'ModifyImageSharePermission',
    () => ({ ImageId: images.deprecated, AddAccount: [friendNumber] }),
  ],
  ['InvalidSnapshotId.NotFound', 404, 'CreateImage', () => ({ SnapshotId: 's-00000000000000000000' })],
  ['InvalidInstanceId.NotFound', 404, 'CreateImage', () => ({ InstanceId: 'i-bp1' })],
  ['MissingParameter', 400, 'CreateImage', () => ({ ImageName: 'of-nothing' })],
  ['InvalidImageName.Duplicated', 400, 'CreateImage', () => ({ SnapshotId: snapshot, ImageName: 'golden' })],
  ['SnapshotCreatedImage', 403, 'DeleteSnapshot', () => ({ SnapshotId: snapshot })],
  ['InvalidResourceId.NotFound', 404, 'TagResources', () => tagging({ ResourceId: [nowhere] })],
  ['InvalidResourceType.NotFound', 404, 'TagResources', () => tagging({ ResourceType: 'teapot' })],
  ['Duplicate.TagKey', 400, 'TagResources', () => tagging({ Tag: [...tags(1), ...tags(1)] })],
  ['NumberExceed.ResourceIds', 400, 'TagResources', () => tagging({ ResourceId: Array(51).fill(images.copied) })],
  ['Forbidden.RAM', 403, 'TagResources', () => tagging({}), () => viewer],
  ['InvalidRegionId.NotFound', 404, 'DescribeSnapshots', () => ({ RegionId: 'cn-atlantis' })],
  ['InvalidAction.NotFound', 404, 'RunInstances', () => ({})],
];

function tagging(changes: Parameters): Parameters {
  return { ResourceType: 'image', ResourceId: [images.copied], Tag: tags(1), ...changes };
}

const stsRows: readonly Row[] = [
  ['InvalidParameter.RoleArn', 400, 'AssumeRole', () => role({ RoleArn: 'me' })],
  ['InvalidParameter.RoleSessionName', 400, 'AssumeRole', () => role({ RoleSessionName: 'x' })],
  ['InvalidParameter.DurationSeconds', 400, 'AssumeRole', () => role({ DurationSeconds: 1 })],
  ['EntityNotExist.Role', 404, 'AssumeRole', () => role({})],
];

function role(changes: Parameters): Parameters {
  return { RoleArn: 'acs:ram::1234567890123456:role/nobody', RoleSessionName: 'session', ...changes };
}

const noKey = { KeyId: '11111111-2222-4333-8444-555555555555' };

const kmsRows: readonly Row[] = [
  ['MissingParameter', 400, 'DescribeKey', () => ({})],
  ['InvalidParameter', 400, 'ListKeys', () => ({ PageSize: 101 })],
  ['Unsupported.ProtectionLevel', 400, 'CreateKey', () => ({ ProtectionLevel: 'HSM' })],
  ['Unsupported.Alias', 400, 'DisableKey', () => ({ KeyId: 'alias/nothing' })],
  ['Forbidden.KeyNotFound', 404, 'ScheduleKeyDeletion', () => ({ ...noKey, PendingWindowInDays: 7 })],
  ['Forbidden.AliasNotFound', 404, 'DescribeKey', () => ({ KeyId: 'alias/nothing' })],
];

describe('the newest client raises', { timeout: 30_000 }, () => {
  it.each([...copyRows, ...imageRows, ...otherRows].map(toCase))('$code ($statusCode) of $action', async (row) => {
    const { code, statusCode, action, parameters, by } = row;
    const raised = await raisedBy(by?.() ?? ecs, action, { RegionId: here, ...parameters() });
    expect(raised).toMatchObject({ code, statusCode, name: 'ClientError' });
    expect((raised as Answer).requestId).toMatch(/^[0-9A-F-]{36}$/);
  });

  it('QuotaExceed.Image and QuotaExceed.Snapshot (403) of CopyImage', async () => {
    for (const [limit, code] of [
      ['images', 'QuotaExceed.Image'],
      ['snapshots', 'QuotaExceed.Snapshot'],
    ] as const) {
      await site.mimeo.json('quota', 'set', 'default', there, `--${limit}`, '1');
      expect(await raisedBy(ecs, 'CopyImage', copy())).toMatchObject({ code, statusCode: 403 });
      await site.mimeo.json('quota', 'set', 'default', there, `--${limit}`, 'default');
    }
  });

  it('IdempotentParameterMismatch (400) of CopyImage with a token of another', async () => {
    const first = copy({ ClientToken: 'once', DestinationImageName: 'by-token' });
    const { ImageId } = await ecs.call('CopyImage', first);
    expect((await ecs.call('CopyImage', first)).ImageId).toBe(ImageId);
    const { code } = await raisedBy(ecs, 'CopyImage', { ...first, DestinationImageName: 'by-another' });
    expect(code).toBe('IdempotentParameterMismatch');
    await ecs.call('CancelCopyImage', { RegionId: there, ImageId });
  });
});

describe('pop-core raises', () => {
  it.each(stsRows.map(toCase))('$code of $action', async ({ code, action, parameters }) => {
    expect((await raisedBy(stsClient(site.access), action, parameters())).code).toBe(code);
  });

  it.each(kmsRows.map(toCase))('$code of $action', async ({ code, action, parameters }) => {
    expect((await raisedBy(kmsClient(site.access), action, parameters())).code).toBe(code);
  });

  it.each([
    ['InvalidAccessKeyId.NotFound', { accessKeyId: 'LTAI000000000000' }],
    ['SignatureDoesNotMatch', { accessKeySecret: 'wrong' }],
    ['InvalidSecurityToken.MismatchWithAccessKey', { securityToken: 'CAIS0000' }],
  ])('%s with %j', async (code, changes) => {
    const client = anyClient({ ...site.access, ...changes });
    expect((await raisedBy(client, 'DescribeRegions', {})).code).toBe(code);
  });
});
