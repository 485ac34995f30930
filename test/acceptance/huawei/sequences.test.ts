/** What the tools send, call by call, and what they insist on in the answers (reference §11). Nothing waits for their minutes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { BasicCredentials, GlobalCredentials, Region } from '@huaweicloud/huaweicloud-sdk-core';
import { ClientBuilder } from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js';
import type { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHuaweiClient, type HuaweiCallOptions, type HuaweiForm } from '../../support/huawei-client.ts';
import { type Answer, endpointOf, optionsOf } from './clients.ts';
import { createSite, here, type Site, there } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({ dataMiB: 8, tls: true });
  await site.createAgency('copies', there);
}, 60_000);
afterAll(() => site.mimeo.remove());

interface Go {
  readonly form: HuaweiForm;
  readonly userAgent: string;
  readonly domain: string;
  /** Not signed: added after signing, or left out of it. */
  readonly unsigned: readonly string[];
  /** What it takes for an answer, by method. */
  readonly okCodes: Readonly<Record<string, readonly number[]>>;
}

const terraform: Go = {
  form: 'huawei',
  userAgent: 'terraform-provider-huaweicloud',
  domain: 'myhuaweicloud.com',
  unsigned: ['host', 'x-project-id', 'x-domain-id'],
  okCodes: { GET: [200], POST: [200, 201, 202], PATCH: [200, 202, 204], DELETE: [200, 202, 204] },
};

const otc: Go = {
  form: 'otc',
  userAgent: 'golangsdk/2.0.0',
  domain: 'otc.t-systems.com',
  unsigned: ['x-project-id', 'x-domain-id'],
  okCodes: { GET: [200], POST: [201, 202], PATCH: [200], DELETE: [202, 204] },
};

/** `as`: the project or the domain that its requests name. */
function service(go: Go, name: string, region: string | null, as: { projectId?: string; domainId?: string } = {}) {
  const { url, ak: accessKeyId, sk: secret, ca } = site.access;
  const host = `${region === null ? name : `${name}.${region}`}.${go.domain}:${new URL(url).port}`;
  const client = createHuaweiClient({ url, form: go.form, accessKeyId, secret, host, ca: `${ca}`, ...as });
  return async (method: string, path: string, options: HuaweiCallOptions & { ok?: number[] } = {}): Promise<Answer> => {
    const { body, ok = go.okCodes[method] ?? [], ...more } = options;
    const hasBody = body !== undefined;
    const answer = await client.call(method, path, {
      ...more,
      // As Go's encoder ends it.
      ...(hasBody && { body: `${JSON.stringify(body)}\n` }),
      headers: { accept: 'application/json', 'user-agent': go.userAgent, ...(hasBody && { 'content-type': json }) },
      unsigned: go.unsigned,
    });
    expect(ok, JSON.stringify(answer.body)).toContain(answer.status);
    return answer.body;
  };
}

const json = 'application/json';
type Service = ReturnType<typeof service>;

/** What Go's type assertions hold, which end the provider where they do not. */
const imageTypes = {
  ...Object.fromEntries(
    ['id', 'name', 'owner', 'visibility', 'file', 'self', 'schema', 'container_format', 'disk_format'].map((name) => [
      name,
      expect.stringMatching(/./),
    ]),
  ),
  status: 'active',
  protected: expect.any(Boolean),
  tags: expect.any(Array),
  min_disk: expect.any(Number),
  min_ram: expect.any(Number),
  enterprise_project_id: '0',
  __image_size: expect.stringMatching(/^[1-9]\d*$/),
  __os_version: expect.stringMatching(/./),
  created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
};

function expectImage(image: Answer, shown: Readonly<Record<string, unknown>>): void {
  expect(image).toMatchObject({ ...imageTypes, ...shown });
  // Null, or an empty text where there is none, would do as well; a number ends the provider.
  for (const text of ['max_ram', '__data_origin', '__description']) {
    if (text in image) expect(image[text]).toBeTypeOf('string');
  }
  if ('__system_support_market' in image) expect(image.__system_support_market).toBeTypeOf('boolean');
}

async function poll(ims: Service, projectId: string, jobId: string): Promise<Answer> {
  for (;;) {
    const job = await ims('GET', `/v1/${projectId}/jobs/${jobId}`);
    expect(job.status).toBeTypeOf('string');
    if (job.status === 'FAIL') throw new Error('the image copy job execution failed');
    if (job.status === 'SUCCESS') return job;
    await sleep(20);
  }
}

describe('Terraform', { timeout: 60_000 }, () => {
  interface Place {
    readonly ims: Service;
    readonly projectId: string;
  }

  /** The provider starts in `here`; a resource's other region is looked up when it is first used. */
  async function configure(): Promise<Readonly<Record<string, Place>>> {
    const { projects } = await service(terraform, 'iam', here)('GET', '/v3/projects', { query: { name: here } });
    expect(projects).toHaveLength(1);
    const { domains } = await service(terraform, 'iam', here)('GET', '/v3/auth/domains');
    const [{ id: domainId }] = domains;
    const global = service(terraform, 'iam', there, { domainId });
    const others = await global('GET', '/v3/projects', { query: { domain_id: domainId, name: there } });
    expect(others.projects).toHaveLength(1);
    const place = (region: string, projectId: string) => ({
      projectId,
      ims: service(terraform, 'ims', region, { projectId }),
    });
    return { [here]: place(here, projects[0].id), [there]: place(there, others.projects[0].id) };
  }

  const read = async ({ ims }: Place, id: string) => (await ims('GET', '/v2/cloudimages', { query: { id } })).images;

  const replace = async ({ ims }: Place, id: string, ...values: [path: string, value: unknown][]) =>
    await ims('PATCH', `/v2/cloudimages/${id}`, {
      body: values.map(([path, value]) => ({ op: 'replace', path, value })),
    });

  const tag = async ({ ims, projectId }: Place, id: string, action: string, tags: readonly object[]) =>
    await ims('POST', `/v2/${projectId}/images/${id}/tags/action`, { body: { action, tags }, ok: [200, 202, 204] });

  it.each([
    ['in its region', here],
    ['to another region', there],
  ])('copies an image %s, reads, changes and deletes it', async (_, region) => {
    const places = await configure();
    const [source, target] = [places[here], places[region]] as [Place, Place];
    const name = `tf-acc-${region}`;
    const body =
      region === here
        ? { name, description: '' }
        : { name, description: '', region, project_name: region, agency_name: 'copies' };
    const call = region === here ? 'copy' : 'cross_region_copy';
    const { job_id } = await source.ims('POST', `/v1/cloudimages/${site.imageId}/${call}`, { body });
    expect(job_id).toBeTypeOf('string');
    // In the source's region and project, wherever the image goes.
    const { entities } = await poll(source.ims, source.projectId, job_id);
    const id: string = entities.image_id;
    expect(id).toMatch(/./);

    await replace(target, id, ['/max_ram', 4096], ['/min_ram', 1024]);
    await tag(target, id, 'create', [
      { key: 'foo', value: 'bar' },
      { key: 'empty', value: '' },
    ]);
    const [image, ...others] = await read(target, id);
    expect(others).toEqual([]);
    expectImage(image, {
      id,
      name,
      min_ram: 1024,
      max_ram: '4096',
      visibility: 'private',
      __data_origin: `image,${here},${site.imageId}`,
      owner: target.projectId,
      file: `/v2/images/${id}/file`,
      self: `/v2/images/${id}`,
      schema: '/v2/schemas/image',
    });
    expect(image).not.toHaveProperty('__description');
    const tagsOf = async () =>
      (await target.ims('GET', `/v2/${target.projectId}/images/${id}/tags`)).tags as { key: string; value: string }[];
    expect(await tagsOf()).toEqual(
      expect.arrayContaining([
        { key: 'foo', value: 'bar' },
        { key: 'empty', value: '' },
      ]),
    );

    // Each attribute by itself.
    await replace(target, id, ['/name', `${name}-changed`]);
    await replace(target, id, ['/__description', 'changed']);
    expectImage((await read(target, id))[0], { name: `${name}-changed`, __description: 'changed' });
    await replace(target, id, ['/__description', '']);
    await replace(target, id, ['/max_ram', 0]);
    await replace(target, id, ['/min_ram', 0]);
    await tag(target, id, 'delete', await tagsOf());
    await tag(target, id, 'create', [{ key: 'foo', value: 'baz' }]);
    const [changed] = await read(target, id);
    expectImage(changed, { min_ram: 0 });
    expect(changed.__description ?? '').toBe('');
    expect(changed.max_ram ?? '0').toBe('0');
    expect(await tagsOf()).toEqual([{ key: 'foo', value: 'baz' }]);

    // Enterprise projects are a service of the whole cloud.
    const eps = service(terraform, 'eps', null, { domainId: site.domain.id });
    const { enterprise_project: group } = await eps('POST', '/v1.0/enterprise-projects', { body: { name } });
    const moved = { resource_type: 'images', resource_id: id, project_id: target.projectId, region_id: here };
    await eps('POST', `/v1.0/enterprise-projects/${group.id}/resources-migrate`, { body: moved, ok: [204] });
    const filter = { resource_types: ['images'], projects: [target.projectId], limit: 1000, offset: 0 };
    const { resources } = await eps('POST', `/v1.0/enterprise-projects/${group.id}/resources/filter`, { body: filter });
    expect(resources.map(({ resource_id }: Answer) => resource_id)).toEqual([id]);
    expect((await read(target, id))[0].enterprise_project_id).toBe(group.id);

    expect(await read(target, id)).toHaveLength(1);
    expect(await target.ims('DELETE', `/v2/images/${id}`)).toBe('');
    while ((await read(target, id)).length > 0) await sleep(20);
  });

  it('finds images page by page until one is empty', async () => {
    const { ims } = (await configure())[here] as Place;
    const made: string[] = [];
    for (const name of ['page-c', 'page-a', 'page-b']) {
      const { job_id } = await ims('POST', `/v1/cloudimages/${site.imageId}/copy`, { body: { name, description: '' } });
      made.push((await poll(ims, site.projectOf(here), job_id)).entities.image_id);
    }
    const all = { status: 'active', enterprise_project_id: 'all_granted_eps', sort_key: 'name', sort_dir: 'asc' };
    const list = async (query: Readonly<Record<string, string | number>>) => {
      const names: string[] = [];
      for (let marker: string | undefined; ; ) {
        const answer = await ims('GET', '/v2/cloudimages', { query: { ...all, ...query, marker } });
        expect(Object.keys(answer)).toEqual(['images']);
        if (answer.images.length === 0) return names;
        for (const image of answer.images) expectImage(image, {});
        names.push(...answer.images.map(({ name }: Answer) => name));
        marker = answer.images.at(-1).id;
      }
    };
    const names = ['golden', 'page-a', 'page-b', 'page-c'];
    expect(await list({})).toEqual(names);
    expect(await list({ limit: 1 })).toEqual(names);
    expect(await list({ limit: 3, __imagetype: 'private' })).toEqual(names);
    // What the provider makes of `visibility = "public"`.
    expect(await list({ __imagetype: 'gold' })).toEqual([]);
    for (const id of made) await ims('DELETE', `/v2/images/${id}`);
    expect(await list({})).toEqual(['golden']);
  });

  it('looks up what else its data sources show', async () => {
    const { ims, projectId } = (await configure())[here] as Place;
    const { quotas } = await ims('GET', '/v1/cloudimages/quota');
    expect(quotas.resources.map(({ type }: Answer) => type)).toEqual(['image', 'image_shared', 'image_member']);
    const platforms = await ims('GET', '/v1/cloudimages/os_version', { query: { tag: 'x86' } });
    expect(platforms[0].version_list[0].os_bit).toBeTypeOf('number');
    expect(await ims('GET', `/v2/${projectId}/images/tags`)).toEqual({ tags: expect.any(Array) });
  });
});

describe("Open Telekom Cloud's Go client", { timeout: 60_000 }, () => {
  it('logs in by a key, copies an image and waits for it', async () => {
    const iam = service(otc, 'iam', here);
    const { catalog } = await iam('GET', '/v3/auth/catalog');
    const { projects } = await iam('GET', '/v3/projects', { query: { name: here } });
    const [{ id: projectId }] = projects;
    const entry = catalog.find(({ type }: Answer) => type === 'image');
    const endpoint = entry.endpoints.find(({ region }: Answer) => region === here);
    expect([endpoint.interface, endpoint.url]).toEqual(['public', endpointOf({ ...site.access, ...otc }, 'ims', here)]);

    const ims = service(otc, 'ims', here, { projectId });
    const { job_id } = await ims('POST', `/v1/cloudimages/${site.imageId}/copy`, {
      body: { name: 'otc-copy', description: 'by gophertelekomcloud' },
      // And nothing else.
      ok: [200],
    });
    const { entities } = await poll(ims, projectId, job_id);
    const { images } = await ims('GET', '/v2/cloudimages', { query: { id: entities.image_id } });
    expectImage(images[0], { name: 'otc-copy', __description: 'by gophertelekomcloud' });
    const update = [{ op: 'replace', path: '/name', value: 'otc-renamed' }];
    const updated = await ims('PATCH', `/v2/cloudimages/${entities.image_id}`, { body: update });
    expectImage(updated, { id: entities.image_id, name: 'otc-renamed' });
    const { quotas } = await ims('GET', '/v1/cloudimages/quota');
    for (const each of quotas.resources) {
      for (const number of ['used', 'quota', 'min', 'max']) expect(each[number]).toBeTypeOf('number');
    }
    await ims('DELETE', `/v2/images/${entities.image_id}`);
  });
});

describe("Open Telekom Cloud's Terraform", { timeout: 60_000 }, () => {
  it('makes a key, encrypts an image with it, and has it deleted', async () => {
    const iam = service(otc, 'iam', here);
    const { catalog } = await iam('GET', '/v3/auth/catalog');
    const entry = catalog.find(({ type }: Answer) => type === 'kmsv1');
    const endpoint = entry.endpoints.find(({ region }: Answer) => region === here);
    const projectId = site.projectOf(here);
    expect(endpoint.url).toBe(`${endpointOf({ ...site.access, ...otc }, 'kms', here)}/v1.0/${projectId}`);

    const kms = service(otc, 'kms', here, { projectId });
    // Each of them is to be answered with 200, and with nothing else.
    const ask = (action: string, body: object) => kms('POST', `/v1.0/${projectId}/kms/${action}`, { body, ok: [200] });
    const { key_id } = (await ask('create-key', { key_alias: 'otc-key', key_description: 'of images' })).key_info;
    const { key_info } = await ask('describe-key', { key_id });
    expect(key_info).toMatchObject({ key_state: '2', key_alias: 'otc-key', realm: here });
    for (const value of Object.values(key_info)) expect(value).toBeTypeOf('string');
    expect((await kms('GET', `/v1.0/${projectId}/kms/${key_id}/tags`)).tags).toEqual([]);
    const rotation = { key_id, rotation_interval: 0 };
    expect(await ask('get-key-rotation-status', rotation)).toMatchObject({ key_rotation_enabled: false });
    const { key_details, truncated } = await ask('list-keys', {});
    expect([key_details, truncated]).toEqual([[key_info], 'false']);

    const ims = service(otc, 'ims', here, { projectId });
    const body = { name: 'otc-sealed', description: '', cmk_id: key_id };
    const { job_id } = await ims('POST', `/v1/cloudimages/${site.imageId}/copy`, { body, ok: [200] });
    const { entities } = await poll(ims, projectId, job_id);
    expect(await site.find(here, entities.image_id)).toMatchObject({ __system__cmkid: key_id });
    expect(await ask('schedule-key-deletion', { key_id, pending_days: '7' })).toEqual({ key_id, key_state: '4' });
    await ims('DELETE', `/v2/images/${entities.image_id}`);
  });
});

describe("Huawei Cloud's SDK", { timeout: 60_000 }, () => {
  const build = (credential: BasicCredentials | GlobalCredentials, name: string): HcClient =>
    new ClientBuilder((hc) => hc)
      .withCredential(credential.withAk(site.access.ak).withSk(site.access.sk))
      .withRegion(new Region(here, endpointOf(site.access, name, here)))
      .withOptions(optionsOf(site.access))
      .build() as HcClient;
  const get = (client: HcClient, url: string): Promise<Answer> =>
    client.sendRequest({ method: 'GET', url, contentType: json, queryParams: {}, pathParams: {}, headers: {} });

  // It looks them up by a client of its own, which takes no options.
  const trusted = getCACertificates('default');
  beforeAll(() => setDefaultCACertificates([...trusted, `${site.access.ca}`]));
  afterAll(() => setDefaultCACertificates(trusted));

  it('finds the project of its region, and its domain, by itself', async () => {
    const credential = new BasicCredentials().withIamEndpoint(site.access.url);
    const { images } = await get(build(credential, 'ims'), '/v2/cloudimages');
    expect(images.map(({ owner }: Answer) => owner)).toContain(site.projectOf(here));
    expect(credential.projectId).toBe(site.projectOf(here));
    const global = new GlobalCredentials().withIamEndpoint(site.access.url);
    const { projects } = await get(build(global, 'iam'), '/v3/auth/projects');
    expect(projects.map(({ name }: Answer) => name)).toContain(there);
    expect(global.domainId).toBe(site.domain.id);
  });
});
