/** What the tools send, call by call, and what they read of the answers (reference §6). Nothing waits for their minutes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, clients, kmsClient, raisedBy } from './clients.ts';
import { createSite, type Site } from './site.ts';

const [here, there, elsewhere] = ['cn-hangzhou', 'cn-shanghai', 'cn-north-1'] as const;

let site: Site;
/** Account number of somebody whom images are shared with. */
let friend: string;

beforeAll(async () => {
  site = await createSite({ dataMiB: 24 });
  friend = (await site.mimeo.json<{ account: { number: string } }>('account', 'create', 'friend')).account.number;
}, 60_000);
afterAll(() => site.mimeo.remove());

/** The image as the tool's query finds it, once it does and the image is there for it. */
async function poll(client: Client, query: Record<string, unknown>): Promise<Answer> {
  for (;;) {
    const { Images } = await client.call('DescribeImages', query);
    const found = (Images.Image as Answer[]).find(({ Status }) => Status === 'Available');
    if (found !== undefined) return found;
    await sleep(20);
  }
}

function snapshotsOf(image: Answer): string[] {
  return image.DiskDeviceMappings.DiskDeviceMapping.map(({ SnapshotId }: Answer) => SnapshotId);
}

describe('Packer', { timeout: 60_000 }, () => {
  const anyStatus = 'Waiting,Creating,CreateFailed,Available';

  it('builds an image, copies it to two regions, shares the copies that still wait, and destroys all of it', async () => {
    const packer = site.any;
    for (const region of [here, there, elsewhere]) {
      const { Regions } = await packer.call('DescribeRegions', { RegionId: here });
      expect(Regions.Region.map(({ RegionId }: Answer) => RegionId)).toContain(region);
    }
    const name = 'packer-build';
    const taken = await packer.call('DescribeImages', { RegionId: here, ImageName: name, Status: anyStatus });
    expect(taken.Images.Image).toEqual([]);
    const base = await packer.call('DescribeImages', { RegionId: here, ImageId: site.imageId });
    expect(base.Images.Image).toHaveLength(1);
    const sold = { RegionId: here, ImageId: site.imageId, ImageOwnerAlias: 'marketplace' };
    expect((await packer.call('DescribeImages', sold)).Images.Image).toEqual([]);

    const [SnapshotId] = snapshotsOf(base.Images.Image[0]);
    const create = { RegionId: here, ImageName: name, SnapshotId, ClientToken: randomUUID() };
    const { ImageId } = await packer.call('CreateImage', create);
    expect((await packer.call('CreateImage', create)).ImageId).toBe(ImageId);
    const image = await poll(packer, { RegionId: here, ImageId, Status: anyStatus });
    const Tag = [{ Key: 'built-by', Value: 'packer' }];
    await packer.call('AddTags', { RegionId: here, ResourceId: ImageId, ResourceType: 'image', Tag });
    for (const ResourceId of snapshotsOf(image)) {
      await packer.call('AddTags', { RegionId: here, ResourceId, ResourceType: 'snapshot', Tag });
    }

    const copies = new Map<string, string>();
    for (const region of [there, elsewhere]) {
      const asked = { RegionId: here, ImageId, DestinationRegionId: region, DestinationImageName: name };
      copies.set(region, (await packer.call('CopyImage', asked)).ImageId);
    }
    for (const [RegionId, copy] of copies) {
      await packer.call('ModifyImageSharePermission', { RegionId, ImageId: copy, AddAccount: [friend] });
    }
    for (const [RegionId, copy] of copies) await poll(packer, { RegionId, ImageId: copy, Status: anyStatus });

    for (const [RegionId, copy] of [...copies, [here, ImageId] as const]) {
      const found = await packer.call('DescribeImages', { RegionId, ImageId: copy, Status: anyStatus });
      expect(found.Images.Image[0].IsCopied).toBe(RegionId !== here);
      const { Accounts } = await packer.call('DescribeImageSharePermission', { RegionId, ImageId: copy });
      const shared = Accounts.Account.map(({ AliyunId }: Answer) => `${AliyunId}`);
      expect(shared).toEqual(RegionId === here ? [] : [friend]);
      if (shared.length > 0) {
        await packer.call('ModifyImageSharePermission', { RegionId, ImageId: copy, RemoveAccount: shared });
      }
      await packer.call('DeleteImage', { RegionId, ImageId: copy });
      if (RegionId === here) continue;
      for (const each of snapshotsOf(found.Images.Image[0])) await packer.call('DeleteSnapshot', { SnapshotId: each });
    }
  });

  it('gives up: what is under way is cancelled, and what is finished says so', async () => {
    const packer = site.any;
    const asked = { RegionId: here, ImageId: site.imageId, DestinationImageName: 'packer-stopped' };
    const finished = await packer.call('CopyImage', { ...asked, DestinationRegionId: there });
    await poll(packer, { RegionId: there, ImageId: finished.ImageId, Status: anyStatus });
    const started = await packer.call('CopyImage', { ...asked, DestinationRegionId: elsewhere });
    const late = { RegionId: there, ImageId: finished.ImageId };
    expect((await raisedBy(packer, 'CancelCopyImage', late)).code).toBe('IncorrectImageStatus');
    await packer.call('CancelCopyImage', { RegionId: elsewhere, ImageId: started.ImageId });
    expect(await site.find(elsewhere, started.ImageId)).toBeUndefined();
    await packer.call('DeleteImage', late);
  });

  it('encrypts in its own region and elsewhere, waits for the first of them, and deletes what it was made of', async () => {
    const packer = site.any;
    const base = await packer.call('DescribeImages', { RegionId: here, ImageId: site.imageId });
    const [SnapshotId] = snapshotsOf(base.Images.Image[0]);
    const built = await packer.call('CreateImage', { RegionId: here, ImageName: 'packer-plain', SnapshotId });
    const asked = { RegionId: here, ImageId: built.ImageId, DestinationImageName: 'packer-encrypted', Encrypted: true };
    const kept = await packer.call('CopyImage', { ...asked, DestinationRegionId: here });
    const far = await packer.call('CopyImage', { ...asked, DestinationRegionId: there });
    const image = await poll(packer, { RegionId: here, ImageId: kept.ImageId, Status: anyStatus });
    expect(image.DiskDeviceMappings.DiskDeviceMapping).toMatchObject([{ Encrypted: true }]);
    await poll(packer, { RegionId: there, ImageId: far.ImageId, Status: anyStatus });
    for (const [RegionId, ImageId] of [
      [here, built.ImageId],
      [here, kept.ImageId],
      [there, far.ImageId],
    ]) {
      await packer.call('DeleteImage', { RegionId, ImageId });
    }
  });
});

describe('Terraform', { timeout: 60_000 }, () => {
  it('creates, reads, updates and deletes an alicloud_image_copy', async () => {
    const terraform = site.any;
    const statuses = 'Creating,Waiting,Available,UnAvailable,CreateFailed';
    const { ImageId } = await terraform.call('CopyImage', {
      RegionId: here,
      ImageId: site.imageId,
      DestinationRegionId: there,
      DestinationImageName: 'tf-copy',
      DestinationDescription: 'by terraform',
      Encrypted: false,
      Tag: [
        { Key: 'stage', Value: 'test' },
        { Key: 'team', Value: 'base' },
      ],
    });
    const query = { RegionId: there, ImageId, Status: statuses };
    expect((await terraform.call('DescribeImages', query)).Images.Image).toHaveLength(1);
    const image = await poll(terraform, query);
    expect(image).toMatchObject({ ImageName: 'tf-copy', Description: 'by terraform' });

    const resource = { RegionId: there, ResourceType: 'image', ResourceId: [ImageId] };
    await terraform.call('UntagResources', { ...resource, TagKey: ['stage'] });
    await terraform.call('TagResources', { ...resource, Tag: [{ Key: 'team', Value: 'core' }] });
    const change = { ImageName: 'tf-renamed', Description: 'changed' };
    await terraform.call('ModifyImageAttribute', { RegionId: there, ImageId, ...change });
    const [changed] = (await terraform.call('DescribeImages', query)).Images.Image;
    expect(changed).toMatchObject({ ...change, Tags: { Tag: [{ TagKey: 'team', TagValue: 'core' }] } });

    await terraform.call('DeleteImage', { RegionId: there, ImageId, Force: true });
    expect((await terraform.call('DescribeImages', query)).Images.Image).toEqual([]);
    for (const SnapshotId of snapshotsOf(image)) await terraform.call('DeleteSnapshot', { SnapshotId, Force: true });
    const { Snapshots } = await terraform.call('DescribeSnapshots', { RegionId: there, PageSize: 100 });
    const left = Snapshots.Snapshot.map(({ SnapshotId }: Answer) => SnapshotId);
    expect(left).not.toContain(snapshotsOf(image)[0]);
  });
});

describe('pop-core', { timeout: 60_000 }, () => {
  it('makes a key, gives it a name, disables it, and has it deleted', async () => {
    const kms = kmsClient(site.access);
    const wanted = { Description: 'images', KeyUsage: 'ENCRYPT/DECRYPT', Origin: 'Aliyun_KMS', RegionId: there };
    const { KeyId, Arn } = (await kms.call('CreateKey', wanted)).KeyMetadata;
    const at = { RegionId: there, KeyId };
    await kms.call('CreateAlias', { ...at, AliasName: 'alias/payroll' });
    await kms.call('DisableKey', at);
    const named = await kms.call('DescribeKey', { RegionId: there, KeyId: 'alias/payroll' });
    expect(named.KeyMetadata).toMatchObject({ KeyId, KeyState: 'Disabled', Description: 'images' });
    await kms.call('EnableKey', at);
    expect((await kms.call('ListKeys', { RegionId: there })).Keys.Key).toContainEqual({ KeyId, KeyArn: Arn });
    expect((await kms.call('ListAliases', { RegionId: there })).Aliases.Alias).toHaveLength(1);
    await kms.call('ScheduleKeyDeletion', { ...at, PendingWindowInDays: 7 });
    expect((await raisedBy(kms, 'EnableKey', at)).code).toBe('Rejected.StateModifiedFailed');
    await kms.call('CancelKeyDeletion', at);
    expect((await kms.call('DescribeKey', at)).KeyMetadata.KeyState).toBe('Enabled');
  });
});

describe('gardenlinux glci', { timeout: 60_000 }, () => {
  it('copies one image to every region at once, sees nothing that is not Available, and makes it public', async () => {
    const glci = clients['ecs20140526 7.x (ACS3, POST)']?.(site.access) as Client;
    const { Regions } = await glci.call('DescribeRegions', {});
    const regions = Regions.Region.map(({ RegionId }: Answer) => RegionId).filter((id: string) => id !== here);
    const asked = { RegionId: here, ImageId: site.imageId, DestinationImageName: 'gardenlinux' };
    const ids = await Promise.all(
      regions.map(async (region: string) => {
        const { ImageId } = await glci.call('CopyImage', { ...asked, DestinationRegionId: region });
        return [region, ImageId] as const;
      }),
    );
    for (const [RegionId, ImageId] of ids) {
      for (;;) {
        const { Images } = await glci.call('DescribeImages', { RegionId, ImageId });
        expect(Images.Image.filter(({ Status }: Answer) => Status !== 'Available')).toEqual([]);
        if (Images.Image.length > 0) {
          expect(Images.Image[0].IsPublic).toBe(false);
          break;
        }
        await sleep(20);
      }
      await glci.call('ModifyImageSharePermission', { RegionId, ImageId, IsPublic: true });
      const { Images } = await glci.call('DescribeImages', { RegionId, ImageId });
      expect(Images.Image[0].IsPublic).toBe(true);
    }
    for (const [RegionId, ImageId] of ids) {
      const unshare = { RegionId, ImageId, IsPublic: false };
      await glci.call('ModifyImageSharePermission', unshare);
      expect((await raisedBy(glci, 'ModifyImageSharePermission', unshare)).code).toBe('Image.NotPublic');
      await glci.call('DeleteImage', { RegionId, ImageId, Force: true });
      const gone = await raisedBy(glci, 'DeleteImage', { RegionId, ImageId, Force: true });
      expect(gone).toMatchObject({ code: 'InvalidImageId.NotFound', statusCode: 404 });
    }
  });
});

describe('bosh', { timeout: 60_000 }, () => {
  it('sets NvmeSupport on a copy, and deletes the source with its snapshot', async () => {
    const bosh = site.any;
    const base = await site.find(here, site.imageId);
    const [SnapshotId] = snapshotsOf(base);
    const stemcell = await bosh.call('CreateImage', { RegionId: here, SnapshotId, ImageName: 'stemcell' });
    const asked = { RegionId: here, ImageId: stemcell.ImageId, DestinationImageName: 'stemcell' };
    const { ImageId } = await bosh.call('CopyImage', { ...asked, DestinationRegionId: elsewhere });
    const copy = await poll(bosh, { RegionId: elsewhere, ImageId });
    await bosh.call('ModifyImageAttribute', { RegionId: elsewhere, ImageId, 'Features.NvmeSupport': 'supported' });
    expect((await site.find(elsewhere, ImageId)).Features.NvmeSupport).toBe('supported');
    await bosh.call('DeleteImage', { RegionId: elsewhere, ImageId });
    for (const each of snapshotsOf(copy)) await bosh.call('DeleteSnapshot', { SnapshotId: each });
    await bosh.call('DeleteImage', { RegionId: here, ImageId: stemcell.ImageId });
    // The snapshot stands behind the golden image, too.
    expect((await raisedBy(bosh, 'DeleteSnapshot', { SnapshotId })).code).toBe('SnapshotCreatedImage');
  });
});

describe('coreos-assembler', { timeout: 60_000 }, () => {
  it('skips regions that have the image, copies to the others and waits without a status', async () => {
    const ore = site.any;
    const find = async () => (await ore.call('DescribeImages', { RegionId: there, ImageName: 'fcos' })).Images.Image;
    expect(await find()).toEqual([]);
    const { ImageId } = await ore.call('CopyImage', {
      RegionId: here,
      ImageId: site.imageId,
      DestinationRegionId: there,
      DestinationImageName: 'fcos',
      Encrypted: false,
      Tag: [{ Key: 'created-by', Value: 'mantle' }],
    });
    await poll(ore, { RegionId: there, ImageId });
    await ore.call('ModifyImageSharePermission', { RegionId: there, ImageId, IsPublic: true });
    expect(await find()).toHaveLength(1);
  });
});
