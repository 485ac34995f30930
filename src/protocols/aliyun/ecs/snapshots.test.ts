/** DescribeSnapshots, DeleteSnapshot and CreateImage. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import type { AliyunClient, AliyunParameters } from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { finishCopy, makeImage, readBytes } from '../../../../test/support/installation.ts';
import { insertPlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { copyImages } from '../../../app/copy-images.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { inTransaction } from '../../../db/database.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { aliyunCopyPolicies } from '../copy-policy.ts';
import { toMinute } from '../times.ts';
import { createImageFaults } from './create-image-faults.ts';
import { deleteSnapshotFaults } from './delete-snapshot.ts';
import { snapshotListFaults } from './snapshot-parameters.ts';

let aliyun: TestAliyun;
/** A new account for each test, and what signs for it. */
let caller: Caller;
let client: AliyunClient;
beforeAll(async () => {
  aliyun = await createTestAliyun();
});
beforeEach(async () => {
  caller = await aliyun.installation.newCaller();
  client = await aliyun.newClient('owner', caller);
});
afterEach(() => aliyun.installation.expectSound());
afterAll(() => aliyun.close());

const system = randomBytes(100_000);
const data = randomBytes(50_000);

async function newImage(disks: readonly Uint8Array[] = [system]): Promise<Image> {
  return await makeImage(aliyun.installation.context, caller, disks);
}

/** Alibaba Cloud's ids of an image's snapshots. */
function snapshotsOf({ disks }: Image): string[] {
  return disks.map(({ snapshot }) => snapshot.aliyunId);
}

/** Without its images, the snapshots stay. */
async function leftSnapshots(disks?: readonly Uint8Array[]): Promise<string[]> {
  const image = await newImage(disks);
  await deleteImage(aliyun.installation.context, caller, image.id, { keepSnapshots: true });
  return snapshotsOf(image);
}

async function call(action: string, parameters: AliyunParameters = {}) {
  return await client.call(action, { RegionId: 'north', ...parameters });
}

async function list(parameters: AliyunParameters = {}) {
  const { body } = await call('DescribeSnapshots', parameters);
  return body.Snapshots.Snapshot as Record<string, unknown>[];
}

const ids = async (parameters: AliyunParameters = {}) => (await list(parameters)).map(({ SnapshotId }) => SnapshotId);

describe('DescribeSnapshots', () => {
  it('tells what there is of a snapshot, of its image as well as without it', async () => {
    const image = await newImage([system, data]);
    const [first, second] = snapshotsOf(image);
    const answer = await call('DescribeSnapshots', { SnapshotIds: JSON.stringify([first]) });
    expect(answer).toMatchObject({ status: 200, body: { TotalCount: 1, PageNumber: 1, PageSize: 10 } });
    expect(answer.body.Snapshots.Snapshot).toEqual([
      {
        SnapshotId: first,
        SnapshotName: 'image',
        Description: expect.any(String),
        RegionId: 'north',
        ResourceGroupId: '',
        Status: 'accomplished',
        Progress: '100%',
        Available: true,
        CreationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        LastModifiedTime: expect.any(String),
        SnapshotType: 'user',
        Category: 'standard',
        InstantAccess: false,
        Encrypted: false,
        KMSKeyId: '',
        ProductCode: '',
        Usage: 'image',
        SourceDiskId: '',
        SourceDiskSize: '1',
        SourceDiskType: 'system',
        SourceStorageType: 'disk',
        SourceSnapshotId: '',
        SourceRegionId: '',
        Tags: { Tag: [] },
      },
    ]);
    await deleteImage(aliyun.installation.context, caller, image.id, { keepSnapshots: true });
    expect(await list({ SourceDiskType: 'DATA' })).toMatchObject([{ SnapshotId: second, Usage: 'none' }]);
  });

  it('shows how far a copy is, and what it was made of', async () => {
    const { installation } = aliyun;
    const source = await newImage();
    const command = { policy: aliyunCopyPolicies.newer, images: [source.id], regions: ['south'] };
    const { copies } = await copyImages(installation.context, caller, command);
    const [waiting] = await list({ RegionId: 'south' });
    expect(waiting).toMatchObject({ Status: 'progressing', Progress: '0%', Usage: 'image', Available: false });
    await finishCopy(installation, caller, copies[0]?.id as string);
    const [made] = await list({ RegionId: 'south' });
    expect(made).toMatchObject({
      SnapshotId: waiting?.SnapshotId,
      Status: 'accomplished',
      SourceSnapshotId: snapshotsOf(source)[0],
      SourceRegionId: 'north',
    });
  });

  it('filters by what it is asked for', async () => {
    const image = await newImage([system, data]);
    const [first, second] = snapshotsOf(image);
    await call('TagResources', {
      ResourceType: 'snapshot',
      'ResourceId.1': first,
      'Tag.1.Key': 'a',
      'Tag.1.Value': 'b',
    });
    const both = [first, second].sort();
    const all = async (parameters: AliyunParameters) => (await ids(parameters)).sort();
    for (const parameters of [
      {},
      { Status: 'all', SnapshotType: 'user', Category: 'standard', Encrypted: false },
      { Status: 'accomplished', Usage: 'image', SnapshotName: 'image' },
      { 'Filter.1.Key': 'CreationStartTime', 'Filter.1.Value': '2020-01-01T00:00Z' },
      { 'Filter.1.Key': 'CreationEndTime', 'Filter.1.Value': toMinute(image.createdAt) },
      { SnapshotIds: '[]' },
    ]) {
      expect(await all(parameters)).toEqual(both);
    }
    expect(await ids({ 'Tag.1.Key': 'a' })).toEqual([first]);
    expect(await ids({ 'Tag.1.key': 'a', 'Tag.1.value': 'b' })).toEqual([first]);
    expect(await ids({ SourceDiskType: 'System' })).toEqual([first]);
    for (const parameters of [
      { RegionId: 'south' },
      { Status: 'progressing' },
      { Usage: 'none' },
      { Usage: 'disk' },
      { SnapshotType: 'auto' },
      { Category: 'Flash' },
      { Encrypted: 'True' },
      { KMSKeyId: randomUUID() },
      { InstanceId: 'i-1' },
      { DiskId: 'd-1' },
      { SnapshotName: 'other' },
      { ResourceGroupId: 'rg-000000000000000' },
      { 'Tag.1.Key': 'a', 'Tag.1.Value': 'c' },
      { 'Tag.1.Key': 'acs:rm:rgId' },
      { SnapshotIds: JSON.stringify([image.disks[0]?.snapshot.id]) },
      { 'Filter.1.Key': 'CreationEndTime', 'Filter.1.Value': '2020-01-01T00:00Z' },
    ]) {
      expect(await ids(parameters)).toEqual([]);
    }
  });

  it('goes by numbered pages and by tokens', async () => {
    const image = await newImage([system, data, data]);
    const all = await ids();
    expect(all.toSorted()).toEqual(snapshotsOf(image).sort());
    expect(await ids({ PageSize: 2 })).toEqual(all.slice(0, 2));
    expect(await ids({ PageSize: 2, PageNumber: 2 })).toEqual(all.slice(2));
    const { body } = await call('DescribeSnapshots', { MaxResults: 2 });
    expect(body.Snapshots.Snapshot.map(({ SnapshotId }: { SnapshotId: string }) => SnapshotId)).toEqual(
      all.slice(0, 2),
    );
    const rest = await call('DescribeSnapshots', { MaxResults: 2, NextToken: body.NextToken });
    expect(rest.body).toMatchObject({ NextToken: '', Snapshots: { Snapshot: [{ SnapshotId: all[2] }] } });
    const others = await call('DescribeSnapshots', { Status: 'failed', NextToken: body.NextToken });
    expectFault(others, commonFaults.invalidParameter);
    expectFault(await call('DescribeSnapshots', { PageSize: 101 }), commonFaults.invalidParameter);
    expectFault(await call('DescribeSnapshots', { MaxResults: 0 }), commonFaults.invalidParameter);
    expectFault(await call('DescribeSnapshots', { DryRun: true }), commonFaults.dryRunPassed);
    expectFault(await call('DescribeSnapshots', { DryRun: true, MaxResults: 5 }), commonFaults.dryRunPassed);
  });

  const many = Array.from({ length: 21 }, (_, index) => [`Tag.${index + 1}.Key`, `k${index}`]);
  const provocations: Provocations<typeof snapshotListFaults> = {
    snapshotIdsMalformed: () => call('DescribeSnapshots', { SnapshotIds: JSON.stringify(Array(101).fill('s-1')) }),
    filterKeyNotFound: () => call('DescribeSnapshots', { 'Filter.1.Key': 'Size', 'Filter.1.Value': '1' }),
    usageInvalid: () => call('DescribeSnapshots', { Usage: 'x' }),
    diskTypeInvalid: () => call('DescribeSnapshots', { SourceDiskType: 'x' }),
    statusNotFound: () => call('DescribeSnapshots', { Status: 'x' }),
    typeNotFound: () => call('DescribeSnapshots', { SnapshotType: 'x' }),
    tagMismatch: () => call('DescribeSnapshots', { 'Tag.1.Value': 'x' }),
    tagCount: () => call('DescribeSnapshots', Object.fromEntries(many)),
    linkNotFound: () => call('DescribeSnapshots', { SnapshotLinkId: 'sl-1' }),
  };

  it.each(rowsOf(snapshotListFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it.each(['s-1', '{"0":"s-1"}', '[1]', '"s-1"'])('takes no SnapshotIds like %s', async (SnapshotIds) => {
    expectFault(await call('DescribeSnapshots', { SnapshotIds }), snapshotListFaults.snapshotIdsMalformed);
  });
});

describe('DeleteSnapshot', () => {
  it('deletes what no image stands on, with and without a region', async () => {
    const [first, second] = await leftSnapshots([system, data]);
    expect(await client.call('DeleteSnapshot', { SnapshotId: first })).toMatchObject({ status: 200 });
    expect(await call('DeleteSnapshot', { SnapshotId: second, Force: 'true' })).toMatchObject({ status: 200 });
    expect(await ids()).toEqual([]);
  });

  it('is not for viewers, nor for others', async () => {
    const [SnapshotId] = await leftSnapshots();
    const viewer = await aliyun.newClient('viewer', caller);
    expectFault(await viewer.call('DeleteSnapshot', { SnapshotId }), commonFaults.forbidden);
    expectFault(await aliyun.client.call('DeleteSnapshot', { SnapshotId }), deleteSnapshotFaults.notFound);
    expect(await ids()).toEqual([SnapshotId]);
  });

  const provocations: Provocations<typeof deleteSnapshotFaults> = {
    async notFound() {
      const [SnapshotId] = await leftSnapshots();
      return await call('DeleteSnapshot', { RegionId: 'south', SnapshotId });
    },
    usedByImage: async () => call('DeleteSnapshot', { SnapshotId: snapshotsOf(await newImage())[0], Force: true }),
  };

  it.each(rowsOf(deleteSnapshotFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });
});

describe('CreateImage', () => {
  it('makes an image of a snapshot that has lost its own, with all that is said of it', async () => {
    const { context } = aliyun.installation;
    const [SnapshotId] = await leftSnapshots();
    const { result: group } = await createResourceGroup(context, caller, { name: 'g', description: '' });
    const answer = await call('CreateImage', {
      SnapshotId,
      ImageName: 'golden',
      Description: 'of a snapshot',
      ImageFamily: 'debian',
      ImageVersion: '13',
      Platform: 'Windows Server 2022',
      Architecture: 'arm64',
      BootMode: 'UEFI',
      'Features.ImdsSupport': 'v2',
      ResourceGroupId: group.aliyunId,
      'Tag.1.Key': 'a',
      'Tag.1.Value': 'b',
    });
    expect(answer).toMatchObject({ status: 200 });
    const { body } = await call('DescribeImages', { ImageId: answer.body.ImageId });
    expect(body.Images.Image).toMatchObject([
      {
        ImageName: 'golden',
        Status: 'Available',
        ImageFamily: 'debian',
        ImageVersion: '13',
        Architecture: 'arm64',
        BootMode: 'UEFI',
        ResourceGroupId: group.aliyunId,
        DiskDeviceMappings: { DiskDeviceMapping: [{ SnapshotId, Device: '/dev/xvda', Type: 'system' }] },
        Tags: { Tag: [{ TagKey: 'a', TagValue: 'b' }] },
      },
    ]);
    const image = await findImage(context, caller, answer.body.ImageId);
    expect((await readBytes(context, caller, image.id)).equals(system)).toBe(true);
  });

  it('puts the disks of several snapshots in order, and calls an image without a name by its id', async () => {
    const { context } = aliyun.installation;
    const [first, second] = await leftSnapshots([system, data]);
    const { body } = await call('CreateImage', {
      'DiskDeviceMapping.1.SnapshotId': second,
      'DiskDeviceMapping.1.Device': '/dev/xvdb',
      'DiskDeviceMapping.1.Size': 1,
      'DiskDeviceMapping.2.SnapshotId': first,
      'DiskDeviceMapping.2.DiskType': 'system',
      // Less than the mappings, it does not count.
      SnapshotId: 's-1',
    });
    const image = await findImage(context, caller, body.ImageId);
    expect(image).toMatchObject({ name: body.ImageId, disks: [{ role: 'system' }, { role: 'data' }] });
    expect((await readBytes(context, caller, image.id, 1)).equals(data)).toBe(true);
  });

  it('is done once with a token, and only tried in a dry run', async () => {
    const [SnapshotId] = await leftSnapshots();
    const request = { SnapshotId, ImageName: 'once', ClientToken: randomUUID() };
    expectFault(await call('CreateImage', { ...request, DryRun: true }), commonFaults.dryRunPassed);
    const first = await call('CreateImage', request);
    expect(first).toMatchObject({ status: 200 });
    expect((await call('CreateImage', request)).body.ImageId).toBe(first.body.ImageId);
  });

  it('is not for viewers', async () => {
    const [SnapshotId] = await leftSnapshots();
    const viewer = await aliyun.newClient('viewer', caller);
    expectFault(await viewer.call('CreateImage', { RegionId: 'north', SnapshotId }), commonFaults.forbidden);
    const other = await aliyun.client.call('CreateImage', { RegionId: 'north', SnapshotId });
    expectFault(other, createImageFaults.snapshotNotFound);
  });

  const make = async (more: AliyunParameters) => {
    const [SnapshotId] = await leftSnapshots();
    return await call('CreateImage', { SnapshotId, ...more });
  };
  const mapped = async (disks: readonly Uint8Array[], more: AliyunParameters = {}) => {
    const mappings = (await leftSnapshots(disks)).map((id, index) => [`DiskDeviceMapping.${index + 1}.SnapshotId`, id]);
    return await call('CreateImage', { ...Object.fromEntries(mappings), ...more });
  };
  const limit = async (limits: { images?: number; snapshots?: number; bytes?: number }) => {
    const { context, operator } = aliyun.installation;
    await setQuotas(context, operator, caller.accountId, 'north', limits);
  };
  const many = Array.from({ length: 21 }, (_, index) => [`Tag.${index + 1}.Key`, `k${index}`]);
  const differing = async (on: TestAliyun) => {
    const [first, second] = [await leftSnapshots(), await leftSnapshots()];
    const signing = await on.newClient('owner', caller);
    const asked = { RegionId: 'north', ClientToken: 'the same' };
    await signing.call('CreateImage', { ...asked, SnapshotId: first[0] });
    return await signing.call('CreateImage', { ...asked, SnapshotId: second[0] });
  };

  const { olderTokenMismatch, ...ofNewerPage } = createImageFaults;

  const provocations: Provocations<typeof ofNewerPage> = {
    nameMalformed: () => make({ ImageName: '1' }),
    descriptionMalformed: () => make({ Description: 'http://x' }),
    architectureMalformed: () => make({ Architecture: 'vax' }),
    platformMalformed: () => make({ Platform: ' x' }),
    bootModeMalformed: () => make({ BootMode: 'x' }),
    bootModeUnfit: () => make({ BootMode: 'BIOS', Architecture: 'arm64' }),
    imdsInvalid: () => make({ 'Features.ImdsSupport': 'v3' }),
    versionMalformed: () => make({ ImageVersion: 'v'.repeat(41) }),
    familyMalformed: () => make({ ImageFamily: '!' }),
    resourceGroupNotFound: () => make({ ResourceGroupId: 'rg-000000000000000' }),
    tooManyTags: () => make(Object.fromEntries(many)),
    duplicateTagKey: () => make({ 'Tag.1.Key': 'a', 'Tag.2.Key': 'a' }),
    tagKeyMalformed: () => make({ 'Tag.1.Key': 'acs:a' }),
    tagValueMalformed: () => make({ 'Tag.1.Key': 'a', 'Tag.1.Value': 'acs:a' }),
    async imageNameTaken() {
      await make({ ImageName: 'taken' });
      return await make({ ImageName: 'taken' });
    },
    async imageQuota() {
      const [SnapshotId] = await leftSnapshots();
      await limit({ images: 0 });
      return await call('CreateImage', { SnapshotId });
    },
    async snapshotQuota() {
      // One that an image stands on: of another the bytes are counted already.
      const [SnapshotId] = snapshotsOf(await newImage());
      await limit({ bytes: 0 });
      return await call('CreateImage', { SnapshotId });
    },
    deviceMalformed: () => mapped([system], { 'DiskDeviceMapping.1.Device': '/dev/sda' }),
    deviceInUse: () =>
      mapped([system, data], { 'DiskDeviceMapping.1.Device': '/dev/xvda', 'DiskDeviceMapping.2.Device': '/dev/xvda' }),
    diskTypeInvalid: () => mapped([system], { 'DiskDeviceMapping.1.DiskType': 'floppy' }),
    sizeOutOfRange: () => mapped([system], { 'DiskDeviceMapping.1.Size': 2 }),
    nothingToMakeItOf: () => call('CreateImage'),
    noSystemSnapshot: () => mapped([system], { 'DiskDeviceMapping.1.DiskType': 'data' }),
    manySystemSnapshots: () => mapped([system, data], { 'DiskDeviceMapping.2.DiskType': 'system' }),
    async notFromSystemDisk() {
      const [, SnapshotId] = await leftSnapshots([system, data]);
      return await call('CreateImage', { SnapshotId });
    },
    async snapshotNotReady() {
      const { context } = aliyun.installation;
      const disks = [{ ...(await newImage()).disks[0], snapshot: snapshotIds() }] as Image['disks'];
      const wanted = { region: 'north', kind: 'system-disk', disks } as const;
      await inTransaction(context.db, (trx) => insertPlainImage(trx, caller, wanted));
      return await call('CreateImage', { SnapshotId: disks[0]?.snapshot.aliyunId });
    },
    async snapshotNotFound() {
      const [SnapshotId] = await leftSnapshots();
      return await call('CreateImage', { RegionId: 'south', SnapshotId });
    },
    instanceNotFound: () => make({ InstanceId: 'i-1' }),
    tokenMismatch: () => differing(aliyun),
  };

  it.each(rowsOf(ofNewerPage, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it('says of a token what the older page says', async () => {
    const older = await createTestAliyun({ on: aliyun.installation, page: 'older' });
    expectFault(await differing(older), olderTokenMismatch, 'older');
    await older.close();
  });

  it('misses the snapshot of a mapping, and takes none twice', async () => {
    expectFault(await make({ 'DiskDeviceMapping.1.Size': 5 }), commonFaults.missingParameter);
    const [id] = await leftSnapshots();
    const twice = { 'DiskDeviceMapping.1.SnapshotId': id, 'DiskDeviceMapping.2.SnapshotId': id };
    expectFault(await call('CreateImage', twice), commonFaults.invalidParameter);
  });
});

function snapshotIds() {
  const letters = randomUUID().replaceAll('-', '');
  return { id: randomUUID(), aliyunId: `s-${letters.slice(0, 20)}`, jdcloudId: `snapshot-${letters.slice(0, 10)}` };
}
