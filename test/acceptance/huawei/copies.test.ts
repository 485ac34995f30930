/** Copies of a real image, asked for by Huawei Cloud's own client. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  KeystoneCreateUserTokenByPasswordRequest,
  type KeystoneCreateUserTokenByPasswordRequestBody,
} from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../disks.ts';
import { type Answer, type Client, iamClient, raisedBy } from './clients.ts';
import { createSite, elsewhere, here, password, type Site, there } from './site.ts';

const jobId = /^[0-9a-f]{32}$/;
const jobTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let site: Site;
let ims: Client;
beforeAll(async () => {
  site = await createSite({ dataMiB: 128, settings: { MIMEO_COPY_WORKERS: '6', MIMEO_COPIES_PER_GROUP: '6' } });
  ims = site.ims(here);
  await site.createAgency('copies', there, elsewhere);
}, 60_000);
afterAll(() => site.mimeo.remove());

describe('a real image', { timeout: 120_000 }, () => {
  async function expectSameBytes(imageId: string): Promise<void> {
    const exported = join(site.mimeo.folder, `${imageId}.raw`);
    expect((await site.mimeo.run('image', 'export', imageId, exported)).code).toBe(0);
    expect(await digestOf(exported)).toBe(await digestOf(site.disk));
  }

  function expectSuccess(job: Answer, id: string, job_type: string, image_name: string): void {
    expect(job).toEqual({
      httpStatusCode: 200,
      status: 'SUCCESS',
      job_id: id,
      job_type,
      begin_time: expect.stringMatching(jobTime),
      end_time: expect.stringMatching(jobTime),
      error_code: null,
      fail_reason: null,
      entities: { image_id: expect.stringMatching(uuid), image_name, process_percent: 1, current_task: '' },
    });
  }

  it.each([
    ['/v1/cloudimages/{image_id}/copy', 'copy v1'],
    ['/v2.1/cloudimages/{image_id}/copy', '副本-v2.1'],
  ])('is copied in its region by %s', async (url, name) => {
    const data = { name, description: "it's (a) copy! ~中文+é", enterprise_project_id: '0' };
    const { job_id, httpStatusCode } = await ims.call('POST', url, { path: { image_id: site.imageId }, data });
    expect([httpStatusCode, job_id]).toEqual([200, expect.stringMatching(jobId)]);
    const job = await site.waitFor(ims, job_id);
    expectSuccess(job, job_id, 'imsCopyImageInRegionJob', name);
    const progress = await ims.call('GET', '/v1/cloudimages/job/{job_id}', { path: { job_id } });
    expect(progress).toMatchObject({ ...job, entities: { ...job.entities, sub_jobs_list: [] } });
    const source = await site.find(here, site.imageId);
    const copy = await site.find(here, job.entities.image_id);
    expect(copy).toMatchObject({
      id: job.entities.image_id,
      name,
      status: 'active',
      __description: data.description,
      __data_origin: `image,${here},${site.imageId}`,
      __image_size: source.__image_size,
      min_disk: source.min_disk,
      owner: site.projectOf(here),
      visibility: 'private',
    });
    await expectSameBytes(job.entities.image_id);
  });

  it('is copied with a token, which tells the region as well', async () => {
    const iam = iamClient(site.access, here, { domainId: site.domain.id });
    const user = { domain: { name: site.domain.name }, name: 'owner', password };
    const request = new KeystoneCreateUserTokenByPasswordRequest().withNocatalog('true').withBody({
      auth: { identity: { methods: ['password'], password: { user } }, scope: { project: { name: here } } },
    } as unknown as KeystoneCreateUserTokenByPasswordRequestBody);
    const answer: Answer = await iam.keystoneCreateUserTokenByPassword(request);
    expect(answer.token).toMatchObject({ methods: ['password'], project: { id: site.projectOf(here), name: here } });
    const token = answer['X-Subject-Token'] as string;
    const ask = async (path: string, init: RequestInit = {}) => {
      const headers = { 'x-auth-token': token, 'content-type': 'application/json' };
      const response = await fetch(new URL(path, site.access.url), { ...init, headers });
      return { status: response.status, body: (await response.json()) as Answer };
    };
    const path = `/v1/cloudimages/${site.imageId}/copy`;
    const { status, body } = await ask(path, { method: 'POST', body: JSON.stringify({ name: 'by-token' }) });
    expect([status, body]).toEqual([200, { job_id: expect.stringMatching(jobId) }]);
    const job = await site.waitFor(ims, body.job_id);
    const listed = await ask(`/v2/cloudimages?id=${job.entities.image_id}`);
    expect(listed.body.images).toMatchObject([{ name: 'by-token', status: 'active' }]);
  });

  it('is copied to another region by an agency, and asked about where it came from', async () => {
    const data = { name: 'elsewhere', description: '', region: there, project_name: there, agency_name: 'copies' };
    const url = '/v1/cloudimages/{image_id}/cross_region_copy';
    const path = { image_id: site.imageId };
    const denied = await raisedBy(ims.call('POST', url, { path, data: { ...data, agency_name: 'none' } }));
    expect([denied.httpStatusCode, denied.errorCode]).toEqual([400, 'IMG.0151']);
    await site.createAgency('copies-to-nowhere');
    const ungranted = { ...data, agency_name: 'copies-to-nowhere' };
    expect((await raisedBy(ims.call('POST', url, { path, data: ungranted }))).errorCode).toBe('IMG.0151');

    const { job_id } = await ims.call('POST', url, { path, data });
    const seen: Answer[] = [];
    const job = await site.waitFor(ims, job_id, (each) => seen.push(each));
    expectSuccess(job, job_id, 'imsCrossRegionCopyImageJob', 'elsewhere');
    for (const { entities, end_time, error_code } of seen) {
      expect(entities).toMatchObject({ image_id: job.entities.image_id, image_name: 'elsewhere' });
      expect(entities.process_percent).toBeLessThan(1);
      expect([end_time, error_code]).toEqual(['', null]);
    }
    const percents = seen.map(({ entities }) => entities.process_percent as number);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    const copy = await site.find(there, job.entities.image_id);
    expect(copy).toMatchObject({ status: 'active', owner: site.projectOf(there) });
    expect(await site.find(here, job.entities.image_id)).toBeUndefined();
    await expectSameBytes(job.entities.image_id);
  });
});

describe('copies between regions', { timeout: 120_000 }, () => {
  async function copyTo(region: string, name: string): Promise<string> {
    const data = { name, region, project_name: region, agency_name: 'copies' };
    const path = { image_id: site.imageId };
    const { job_id } = await ims.call('POST', '/v1/cloudimages/{image_id}/cross_region_copy', { path, data });
    return job_id;
  }

  it('run five at a time; the sixth is refused until one of them has ended, and copies in the region are not', async () => {
    const jobs: string[] = [];
    // No byte of the image is there yet.
    for (let number = 1; number <= 5; number += 1) jobs.push(await copyTo(elsewhere, `copy-${number}`));
    const sixth = await raisedBy(copyTo(there, 'sixth'));
    expect(sixth).toMatchObject({
      httpStatusCode: 400,
      errorCode: 'IMG.0149',
      errorMsg: 'The number of image replicated cross regions exceeds the maximum number allowed at a time.',
    });
    const ask = async (job_id: string): Promise<Answer> =>
      await ims.call('GET', '/v1/cloudimages/job/{job_id}', { path: { job_id } });
    // All five at once.
    for (;;) {
      const asked = await Promise.all(jobs.map(ask));
      const statuses = asked.map(({ status }) => status);
      if (statuses.every((status) => status === 'RUNNING')) {
        expect(asked.map(({ entities }) => entities.current_task)).toEqual(Array(5).fill('CrossRegionCopyImageTask:'));
        break;
      }
      expect(statuses.filter((status) => !['INIT', 'RUNNING'].includes(status))).toEqual([]);
      await sleep(5);
    }
    expect((await raisedBy(copyTo(there, 'sixth'))).errorCode).toBe('IMG.0149');
    const data = { name: 'in-region' };
    const inside = await ims.call('POST', '/v1/cloudimages/{image_id}/copy', {
      path: { image_id: site.imageId },
      data,
    });
    expect((await site.waitFor(ims, inside.job_id)).status).toBe('SUCCESS');
    for (const job of jobs) expect((await site.waitFor(ims, job)).status).toBe('SUCCESS');
    expect((await site.waitFor(ims, await copyTo(there, 'sixth'))).status).toBe('SUCCESS');
  });
});
