import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../disks.ts';
import { type Answer, clients, raisedBy } from './clients.ts';
import { createSite, type Site } from './site.ts';

const [here, there, elsewhere] = ['cn-hangzhou', 'cn-shanghai', 'cn-north-1'] as const;
const newId = /^m-[a-z0-9]{20}$/;

describe('a real image', { timeout: 120_000 }, () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ dataMiB: 48 });
  }, 60_000);
  afterAll(() => site.mimeo.remove());

  it.each(Object.entries(clients))('is copied to another region by %s', async (name, make) => {
    const client = make(site.access);
    const asked = {
      RegionId: here,
      ImageId: site.imageId,
      DestinationRegionId: there,
      DestinationImageName: `copy.${name.replaceAll(/\W+/g, '-')}`,
      DestinationDescription: "it's (a) *copy*! ~中文+é",
      Encrypted: false,
      Tag: [{ Key: 'team', Value: 'base image' }, { Key: 'empty' }],
    };
    const { ImageId, RequestId } = await client.call('CopyImage', asked);
    expect(ImageId).toMatch(newId);
    expect(RequestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(await site.find(there, ImageId)).toBeDefined();
    const source = await site.find(here, site.imageId);
    const copy = await site.waitFor(there, ImageId, 'Available');
    expect(copy).toMatchObject({
      ImageName: asked.DestinationImageName,
      Description: asked.DestinationDescription,
      IsCopied: true,
      Progress: '100%',
      ImageOwnerAlias: 'self',
      Tags: {
        Tag: expect.arrayContaining([
          { TagKey: 'team', TagValue: 'base image' },
          { TagKey: 'empty', TagValue: '' },
        ]),
      },
    });
    const [disk] = copy.DiskDeviceMappings.DiskDeviceMapping;
    expect(disk).toMatchObject({
      Device: '/dev/xvda',
      Type: 'system',
      Size: source.DiskDeviceMappings.DiskDeviceMapping[0].Size,
    });
    expect(disk.SnapshotId).toMatch(/^s-[a-z0-9]{20}$/);
    expect(disk.SnapshotId).not.toBe(source.DiskDeviceMappings.DiskDeviceMapping[0].SnapshotId);
    const exported = join(site.mimeo.folder, `${ImageId}.raw`);
    expect((await site.mimeo.run('image', 'export', ImageId, exported)).code).toBe(0);
    expect(await digestOf(exported)).toBe(await digestOf(site.disk));
  });

  it.each(Object.entries(clients))('is named in what %s raises', async (_, make) => {
    const client = make(site.access);
    const request = { RegionId: here, ImageId: 'm-00000000000000000000', DestinationRegionId: there };
    const { code, message } = await raisedBy(client, 'CopyImage', request);
    expect(code).toBe('InvalidImageId.NotFound');
    expect(message).toMatch(/The specified image m-0{20} does not exist\./);
  });
});

describe('copies to one region, one at a time', { timeout: 120_000 }, () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ dataMiB: 400, settings: { MIMEO_COPIES_PER_GROUP: '1' } });
  }, 60_000);
  afterAll(() => site.mimeo.remove());

  async function copyTo(region: string, name: string, source = site.imageId): Promise<string> {
    const asked = { RegionId: here, ImageId: source, DestinationRegionId: region, DestinationImageName: name };
    return (await site.any.call('CopyImage', asked)).ImageId;
  }

  /** Images made from the source's snapshot: a source is copied to a region once at a time. */
  async function twin(name: string): Promise<string> {
    const { DiskDeviceMappings } = await site.find(here, site.imageId);
    const [{ SnapshotId }] = DiskDeviceMappings.DiskDeviceMapping;
    return (await site.any.call('CreateImage', { RegionId: here, SnapshotId, ImageName: name })).ImageId;
  }

  it('show Waiting, Creating with growing progress, and Available, in the order in which they were asked for', async () => {
    const sources = [site.imageId, await twin('twin-1'), await twin('twin-2')];
    const ids: string[] = [];
    for (const [number, source] of sources.entries()) ids.push(await copyTo(there, `in-line-${number}`, source));
    const seen = new Map<string, { status: string; progress: number }[]>(ids.map((id) => [id, []]));
    const available: string[] = [];
    while (available.length < ids.length) {
      const answer = await site.any.call('DescribeImages', { RegionId: there, Status: 'ALL', PageSize: 100 });
      for (const image of answer.Images.Image as Answer[]) {
        seen.get(image.ImageId)?.push({ status: image.Status, progress: Number.parseInt(image.Progress, 10) });
        if (image.Status === 'Available' && !available.includes(image.ImageId)) available.push(image.ImageId);
      }
      await sleep(10);
    }
    expect(available).toEqual(ids);
    for (const [number, id] of ids.entries()) {
      const steps = seen.get(id) ?? [];
      const statuses = steps.map(({ status }) => status);
      const order = ['Waiting', 'Creating', 'Available'];
      expect(statuses).toEqual(statuses.toSorted((one, other) => order.indexOf(one) - order.indexOf(other)));
      if (number > 0) expect(statuses[0]).toBe('Waiting');
      const progress = steps.map((step) => step.progress);
      expect(progress).toEqual(progress.toSorted((one, other) => one - other));
      expect(progress.at(-1)).toBe(100);
    }
    const first = (seen.get(ids[0] as string) ?? []).filter(({ status }) => status === 'Creating');
    const middle = new Set(first.map(({ progress }) => progress).filter((percent) => percent > 0 && percent < 100));
    expect(middle.size).toBeGreaterThan(1);
  });

  it('are cancelled in the middle and while they wait, and leave nothing', async () => {
    const running = await copyTo(elsewhere, 'running');
    const waiting = await copyTo(elsewhere, 'waiting', await twin('twin-3'));
    await site.waitFor(elsewhere, running, 'Creating');
    expect((await site.find(elsewhere, waiting)).Status).toBe('Waiting');
    for (const ImageId of [waiting, running]) {
      await site.any.call('CancelCopyImage', { RegionId: elsewhere, ImageId });
      expect(await site.find(elsewhere, ImageId)).toBeUndefined();
    }
    const snapshots = await site.any.call('DescribeSnapshots', { RegionId: elsewhere });
    expect(snapshots.TotalCount).toBe(0);
    const again = await raisedBy(site.any, 'CancelCopyImage', { RegionId: elsewhere, ImageId: running });
    expect(again.code).toBe('InvalidImageId.NotFound');
    const finished = await copyTo(elsewhere, 'running');
    await site.waitFor(elsewhere, finished, 'Available');
    const late = await raisedBy(site.any, 'CancelCopyImage', { RegionId: elsewhere, ImageId: finished });
    expect(late.code).toBe('IncorrectImageStatus');
  });
});
