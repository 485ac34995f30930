/** HTTPS to the cloud's own host names, as a client has them that cannot be told others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iamClient, imsClient, raisedBy } from './clients.ts';
import { createSite, here, type Site, there } from './site.ts';

describe('over HTTPS', { timeout: 60_000 }, () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ dataMiB: 2, tls: true });
    await site.createAgency('copies', there);
  }, 60_000);
  afterAll(() => site.mimeo.remove());

  it('an image is copied in its region and to another one, and the clients hear why not', async () => {
    const ims = site.ims(here);
    const path = { image_id: site.imageId };
    const inside = await ims.call('POST', '/v1/cloudimages/{image_id}/copy', { path, data: { name: 'inside' } });
    expect((await site.waitFor(ims, inside.job_id)).status).toBe('SUCCESS');
    const data = { name: 'outside', region: there, project_name: there, agency_name: 'copies' };
    const url = '/v1/cloudimages/{image_id}/cross_region_copy';
    const outside = await ims.call('POST', url, { path, data });
    const job = await site.waitFor(ims, outside.job_id);
    expect(job.status).toBe('SUCCESS');
    expect(await site.find(there, job.entities.image_id)).toMatchObject({ name: 'outside', status: 'active' });
    const raised = await raisedBy(ims.call('POST', url, { path, data: { ...data, region: here, project_name: here } }));
    expect(raised).toMatchObject({ httpStatusCode: 400, errorCode: 'IMG.0142' });
  });

  it('the catalog names the hosts of each region, which answer', async () => {
    const iam = iamClient(site.access, here, { domainId: site.domain.id });
    const { catalog = [] } = await iam.keystoneShowCatalog();
    const image = catalog.find(({ type }) => type === 'image');
    const { port } = new URL(site.access.url);
    expect(image?.endpoints?.map(({ region, url }) => [region, url])).toEqual([
      [here, `https://ims.${here}.myhuaweicloud.com:${port}`],
      [there, `https://ims.${there}.myhuaweicloud.com:${port}`],
      ['cn-north-4', `https://ims.cn-north-4.myhuaweicloud.com:${port}`],
    ]);
    expect((await site.ims(there).call('GET', '/v1/cloudimages/quota')).httpStatusCode).toBe(200);
  });

  it('a client that does not trust the authority sends nothing', async () => {
    const { ca: _, ...untrusting } = site.access;
    const raised = await raisedBy(imsClient(untrusting, here).call('GET', '/v1/cloudimages/quota'));
    expect(raised.errorMsg).toMatch(/certificate/);
    expect(raised.httpStatusCode).toBeUndefined();
  });
});
