/** One image, copied by each cloud's own client in turn, and read by all of them: they speak of the same things. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client as AliyunClient, anyClient } from './aliyun/clients.ts';
import { digestOf } from './disks.ts';
import { createSite, elsewhere, here, type Site, there } from './huawei/site.ts';
import { type Client as JdcloudClient, vmClient } from './jdcloud/clients.ts';

/** The three names of an image. */
interface Ids {
  readonly id: string;
  readonly aliyunId: string;
  readonly jdcloudId: string;
}

let site: Site;
let aliyun: AliyunClient;
let jdcloud: JdcloudClient;
beforeAll(async () => {
  site = await createSite({ dataMiB: 24 });
  await site.createAgency('copies', elsewhere);
  const { url, ak, sk } = site.access;
  aliyun = anyClient({ url, accessKeyId: ak, accessKeySecret: sk });
  jdcloud = vmClient({ url, accessKeyId: ak, secretAccessKey: sk });
}, 60_000);
afterAll(() => site.mimeo.remove());

const idsOf = (image: string) => site.mimeo.json<Ids>('image', 'show', image);

/** As each cloud's client tells of it. */
async function readByAll(region: string, { id, aliyunId, jdcloudId }: Ids) {
  const { Images } = await aliyun.call('DescribeImages', { RegionId: region, ImageId: aliyunId, Status: 'ALL' });
  const ofHuawei = await site.find(region, id);
  const { result } = await jdcloud.call('describeImage', { imageId: jdcloudId }, region);
  return { aliyun: Images.Image[0], huawei: ofHuawei, jdcloud: result.image };
}

async function expectReady(region: string, image: string, name: string): Promise<Ids> {
  const ids = await idsOf(image);
  for (;;) {
    const seen = await readByAll(region, ids);
    if (seen.aliyun.Status === 'Available') {
      expect(seen.aliyun).toMatchObject({
        ImageName: name,
        Progress: '100%',
        Platform: 'Debian',
        Architecture: 'x86_64',
      });
      expect(seen.huawei).toMatchObject({ name, status: 'active', __platform: 'Debian' });
      expect(seen.jdcloud).toMatchObject({ name, status: 'ready', progress: '100', platform: 'Debian' });
      return ids;
    }
    // Each says it in its own words, and none is ahead of the others.
    expect(['Waiting', 'Creating']).toContain(seen.aliyun.Status);
    await sleep(20);
  }
}

it('is copied through all three dialects in turn, and read through all three', { timeout: 120_000 }, async () => {
  const golden = await expectReady(here, site.imageId, 'golden');

  const first = await aliyun.call('CopyImage', {
    RegionId: here,
    ImageId: golden.aliyunId,
    DestinationRegionId: there,
    DestinationImageName: 'relay',
  });
  const second = await expectReady(there, first.ImageId, 'relay');

  const ims = site.ims(there);
  const { job_id } = await ims.call('POST', '/v1/cloudimages/{image_id}/cross_region_copy', {
    path: { image_id: second.id },
    data: { name: 'relay', region: elsewhere, project_name: elsewhere, agency_name: 'copies' },
  });
  const job = await site.waitFor(ims, job_id);
  expect(job.status).toBe('SUCCESS');
  const third = await expectReady(elsewhere, job.entities.image_id, 'relay');

  const asked = { sourceImageIds: [third.jdcloudId], destinationRegion: here };
  const { result } = await jdcloud.call('copyImages', asked, elsewhere);
  const last = await expectReady(here, result.copyImages[0].destinationImageId, 'relay');

  const exported = join(site.mimeo.folder, 'last.raw');
  expect((await site.mimeo.run('image', 'export', last.id, exported)).code).toBe(0);
  expect(await digestOf(exported)).toBe(await digestOf(site.disk));
});

it('has in each dialect only that dialect’s name', async () => {
  const { id, aliyunId, jdcloudId } = await idsOf(site.imageId);
  for (const ImageId of [id, jdcloudId]) {
    const { Images } = await aliyun.call('DescribeImages', { RegionId: here, ImageId, Status: 'ALL' });
    expect(Images.Image).toEqual([]);
  }
  for (const imageId of [aliyunId, jdcloudId]) expect(await site.find(here, imageId)).toBeUndefined();
  for (const imageId of [id, aliyunId]) {
    await expect(jdcloud.call('describeImage', { imageId }, here)).rejects.toMatchObject({ error: { code: 404 } });
  }
});
