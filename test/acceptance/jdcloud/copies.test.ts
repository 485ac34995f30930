/** Copies of real images, asked for and watched by JD Cloud's own client. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../disks.ts';
import { type Answer, raisedBy } from './clients.ts';
import { createSite, elsewhere, here, type Site, there } from './site.ts';

const imageId = /^img-[a-z0-9]{10}$/;

let site: Site;
beforeAll(async () => {
  site = await createSite({ images: 10, dataMiB: 12, settings: { MIMEO_COPIES_PER_GROUP: '2' } });
}, 120_000);
afterAll(() => site.mimeo.remove());

async function expectSameBytes(copy: string, disk: string): Promise<void> {
  const exported = join(site.mimeo.folder, `${copy}.raw`);
  expect((await site.mimeo.run('image', 'export', copy, exported)).code).toBe(0);
  expect(await digestOf(exported)).toBe(await digestOf(disk));
}

describe('ten images', { timeout: 120_000 }, () => {
  it('are copied with one request and watched until they are ready', async () => {
    const sourceImageIds = site.images.map((image) => image.imageId);
    const { requestId, result } = await site.vm.call('copyImages', { sourceImageIds, destinationRegion: there }, here);
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(result.copyImages.map((each: Answer) => each.sourceImageId)).toEqual(sourceImageIds);
    const ids: string[] = result.copyImages.map((each: Answer) => each.destinationImageId);
    expect(new Set(ids).size).toBe(10);
    for (const id of ids) expect(id).toMatch(imageId);

    const seen = new Map<string, Answer[]>(ids.map((id) => [id, []]));
    for (;;) {
      const { result: list } = await site.vm.call('describeImages', { ids }, there);
      expect(list.totalCount).toBe(10);
      for (const image of list.images) seen.get(image.imageId)?.push(image);
      if (list.images.every(({ status }: Answer) => status === 'ready')) break;
      await sleep(10);
    }
    for (const [number, id] of ids.entries()) {
      const steps = seen.get(id) ?? [];
      const progress = steps.map((step) => Number(step.progress));
      expect(progress).toEqual(progress.toSorted((one, other) => one - other));
      // P1: 100 is what has been committed.
      for (const step of steps) {
        expect(step.progress).toMatch(/^\d{1,3}$/);
        expect(step.progress === '100').toBe(step.status === 'ready');
      }
      const golden = site.images[number];
      expect(steps.at(-1)).toMatchObject({
        name: golden?.name,
        imageSource: 'private',
        rootDeviceType: 'cloudDisk',
        platform: 'Debian',
        osType: 'linux',
        architecture: 'x86_64',
        desc: expect.stringContaining(golden?.imageId as string),
        launchPermission: 'ownerOnly',
        snapshotId: expect.stringMatching(/^snapshot-[a-z0-9]{10}$/),
      });
    }
    expect([...seen.values()].flat().some(({ status }) => status === 'pending')).toBe(true);
    await expectSameBytes(ids[9] as string, site.images[9]?.disk as string);
  });

  it('are none if one of them cannot be copied', async () => {
    const sourceImageIds = [...site.images.slice(0, 9).map((image) => image.imageId), 'img-0000000000'];
    const before = await site.vm.call('describeImages', { imageSource: 'private' }, elsewhere);
    const raised = await raisedBy(site.vm.call('copyImages', { sourceImageIds, destinationRegion: elsewhere }, here));
    expect(raised.error.message).toBe("Image 'img-0000000000' not found");
    const after = await site.vm.call('describeImages', { imageSource: 'private' }, elsewhere);
    expect(after.result.totalCount).toBe(before.result.totalCount);
  });
});

describe('quotas', () => {
  it('are read from both services, whose paths are the same', async () => {
    const filters = [{ name: 'resourceTypes', values: ['image', 'instance'] }];
    const quotas = async (region: string) => {
      const vm = await site.vm.call('describeQuotas', { filters }, region);
      const disk = await site.disks.call('describeQuota', { type: 'snapshot' }, region);
      return { vm: vm.result, disk: disk.result };
    };
    const { images } = (await site.vm.call('describeImages', { imageSource: 'private' }, here)).result;
    expect(await quotas(here)).toEqual({
      vm: {
        quotas: [
          { resourceType: 'image', limit: 1000, used: images.length },
          { resourceType: 'instance', limit: 0, used: 0 },
        ],
      },
      disk: { quota: { limit: 5000, used: images.length } },
    });
  });

  it('count a copy when it is asked for', async () => {
    const used = async () => {
      const { result } = await site.disks.call('describeQuota', { type: 'snapshot' }, elsewhere);
      return result.quota.used as number;
    };
    const before = await used();
    const asked = { sourceImageIds: [site.images[0]?.imageId], destinationRegion: elsewhere };
    const { result } = await site.vm.call('copyImages', asked, here);
    expect(await used()).toBe(before + 1);
    await site.waitFor(elsewhere, result.copyImages[0].destinationImageId);
  });
});
