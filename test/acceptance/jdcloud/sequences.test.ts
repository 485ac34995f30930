/** What the tools send, call by call, and what they read of the answers (reference §5). Nothing waits for their minutes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJdcloudClient, type JdcloudClient } from '../../support/jdcloud-client.ts';
import type { Answer } from './clients.ts';
import { createSite, elsewhere, here, type Site, there } from './site.ts';

let site: Site;
/** As Go's SDK signs, on which the tools are built: it looks at bodies alone and writes what it has no value for as null. */
let go: JdcloudClient;
/** As Python's SDK signs: neither date nor nonce. */
let python: JdcloudClient;
beforeAll(async () => {
  // Two copies at a time, so that there is always one that is pending.
  site = await createSite({ images: 4, dataMiB: 24, settings: { MIMEO_COPIES_PER_GROUP: '1' } });
  const { url, accessKeyId, secretAccessKey: secret } = site.access;
  go = createJdcloudClient({ url, accessKeyId, secret });
  python = createJdcloudClient({ url, accessKeyId, secret, signing: 'jdcloud3' });
}, 60_000);
afterAll(() => site.mimeo.remove());

const imagesOf = (region: string) => `/v1/regions/${region}/images`;
const goldenOf = (number: number) => site.images[number]?.imageId as string;

/** Go fails on a member of another type than its model's, so that the whole call fails with it. */
function expectGoTypes(image: Answer): void {
  const optional = (name: string, type: string) => {
    if (image[name] !== undefined && image[name] !== null) expect([name, typeof image[name]]).toEqual([name, type]);
  };
  for (const name of ['imageId', 'name', 'desc', 'platform', 'osVersion', 'osType', 'architecture'])
    optional(name, 'string');
  for (const name of ['imageSource', 'status', 'createTime', 'rootDeviceType', 'progress']) optional(name, 'string');
  for (const name of ['snapshotId', 'launchPermission', 'ownerPin', 'expiredTime', 'bootMode'])
    optional(name, 'string');
  for (const name of ['systemDiskSizeGB', 'sizeMB']) optional(name, 'number');
  for (const name of ['offline', 'imported']) optional(name, 'boolean');
  optional('systemDisk', 'object');
  if (image.dataDisks) expect(Array.isArray(image.dataDisks)).toBe(true);
}

describe('Packer', { timeout: 60_000 }, () => {
  it('finds its base image, and learns that there are no instances to make one of', async () => {
    const base = await go.call('GET', `${imagesOf(here)}/${goldenOf(0)}`);
    expect(base.body.error).toBeUndefined();
    expectGoTypes(base.body.result.image);
    const body = { name: 'packer-build', description: '', dataDisks: null, regionId: here, instanceId: 'i-abcdefghij' };
    const made = await go.call('POST', `/v1/regions/${here}/instances/i-abcdefghij:createImage`, { body });
    expect(made.body.error).toMatchObject({
      code: 404,
      status: 'NOT_FOUND',
      message: "Instance 'i-abcdefghij' not found.",
    });
  });

  it('cannot take away the image that it has just made, though it tries to after one look', async () => {
    const asked = { sourceImageIds: [goldenOf(0), goldenOf(1)], destinationRegion: there };
    const { result } = (
      await go.call('POST', `${imagesOf(here)}:copyImages`, {
        body: { description: null, name: null, regionId: here, ...asked },
      })
    ).body;
    // One at a time: the second waits.
    const artifact = result.copyImages[1].destinationImageId;
    const look = await go.call('GET', `${imagesOf(there)}/${artifact}`);
    expect(look.body.error).toBeUndefined();
    expect(look.body.result.image.status).toBe('pending');
    const taken = await go.call('DELETE', `${imagesOf(there)}/${artifact}`);
    expect(taken.body.error).toMatchObject({ code: 400, status: 'FAILED_PRECONDITION' });
    expect(taken.body.error.message).toContain('Conflict with underlay image task');
    expect((await site.waitFor(there, artifact)).progress).toBe('100');
  });
});

describe('Terraform', () => {
  it('takes 404 in the body for gone, and 0 for well', async () => {
    const gone = await go.call('GET', `${imagesOf(here)}/img-0000000000`);
    expect(gone.body.error.code).toBe(404);
    const found = await go.call('GET', `${imagesOf(here)}/${goldenOf(2)}`);
    expect(found.body.error?.code ?? 0).toBe(0);
  });
});

describe('cloudmux', { timeout: 60_000 }, () => {
  it('lists all private images, page by page, until it has as many as there are', async () => {
    const collected: Answer[] = [];
    for (let pageNumber = 1; ; pageNumber++) {
      const query = { imageSource: 'private', pageNumber, pageSize: 100 };
      const { result } = (await go.call('GET', imagesOf(here), { query })).body;
      collected.push(...result.images);
      if (collected.length >= result.totalCount) break;
      expect(result.images.length).toBeGreaterThan(0);
    }
    for (const image of collected) expectGoTypes(image);
    const known = ['pending', 'ready', 'deleting', 'error'];
    expect(collected.every(({ status }) => known.includes(status))).toBe(true);
    expect(collected.map(({ imageId }) => imageId)).toEqual(expect.arrayContaining([0, 1, 2, 3].map(goldenOf)));
  });

  it('takes a wrong secret for an invalid access key by a part of the message', async () => {
    const { url, accessKeyId } = site.access;
    const wrong = createJdcloudClient({ url, accessKeyId, secret: 'wrong' });
    const { status, body } = await wrong.call('GET', imagesOf(here), { query: { imageSource: 'private' } });
    expect(status).toBe(401);
    expect(body.error.message).toContain('sign result is not same');
  });
});

describe('JumpServer', () => {
  it('asks for images of four sources, and for one instance', async () => {
    for (const imageSource of ['public', 'private', 'thirdparty', 'shared']) {
      const { status, body } = await python.call('GET', imagesOf(here), { query: { imageSource, pageSize: 100 } });
      expect(status).toBe(200);
      expect(body.result.totalCount).toBe(body.result.images.length);
      expect(body.result.totalCount > 0).toBe(imageSource === 'private');
    }
    const { body } = await python.call('GET', `/v1/regions/${here}/instances`, { query: { pageSize: 1 } });
    expect(body.result).toEqual({ instances: [], totalCount: 0 });
  });
});

describe('the Python SDK and jdc', { timeout: 60_000 }, () => {
  it('copy with a text instead of a list, and poll', async () => {
    const body = { regionId: here, sourceImageIds: goldenOf(2), destinationRegion: elsewhere };
    const { body: answer } = await python.call('POST', `${imagesOf(here)}:copyImages`, { body });
    // Both count only where the answer has its id beside them.
    expect(answer.requestId).toMatch(/^[0-9a-f]{32}$/);
    const [{ destinationImageId }] = answer.result.copyImages;
    for (;;) {
      const { result } = (await python.call('GET', `${imagesOf(elsewhere)}/${destinationImageId}`)).body;
      if (result.image.status === 'ready') break;
      await sleep(20);
    }
    // Python writes truth as `True`, and a length without a body.
    const headers = { 'content-length': '0' };
    const deleted = await python.call('DELETE', `${imagesOf(elsewhere)}/${destinationImageId}`, {
      query: { deleteSnapshot: 'True' },
      headers,
    });
    expect([deleted.status, deleted.body]).toEqual([200, { requestId: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
  });
});

describe('Java’s SDK', { timeout: 60_000 }, () => {
  it('sends a request that was cut off again, twice, with the same nonce and signature', async () => {
    const body = { sourceImageIds: [goldenOf(3)], destinationRegion: elsewhere, regionId: here };
    const request = go.sign('POST', `${imagesOf(here)}:copyImages`, { body, nonce: randomUUID() });
    const answers = [await go.send(request), await go.send(request), await go.send(request)];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400]);
    // What was accepted the first time runs.
    for (const { body: later } of answers.slice(1))
      expect(later.error.message).toBe(`The image '${goldenOf(3)}' is busy`);
    expect((await go.send(request)).status).toBe(401);
    await site.waitFor(elsewhere, answers[0]?.body.result.copyImages[0].destinationImageId);
  });
});
