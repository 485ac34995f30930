/** What IAM tells: versions, catalog, regions, projects, domains, roles. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createSession } from '../../../app/tenants/sessions.ts';
import { toHexId } from '../ids.ts';
import { huaweiRoles } from './roles-data.ts';

let huawei: TestHuawei;
let client: HuaweiClient;
/** Of the account, as clients write it. */
let domain: string;
let north: string;
/** A second project in the north. */
let web: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  const { client: signing, caller, installation, projectOf } = huawei;
  client = signing;
  domain = toHexId(caller.accountId);
  north = await projectOf('north');
  const fields = { region: 'north', name: 'north_web', description: 'of the web team' };
  web = toHexId((await createProject(installation.context, caller, fields)).result.id);
});
afterAll(() => huawei.close());

const get = (path: string, query: Readonly<Record<string, string | number | boolean>> = {}) =>
  client.call('GET', path, { query });
const names = (items: readonly { name: string }[]) => items.map(({ name }) => name);
const at = (host: string) =>
  createHuaweiClient({ url: huawei.url, form: 'token', host: `${host}:${new URL(huawei.url).port}` });

describe('versions', () => {
  it('of Keystone, without credentials, with or without a slash', async () => {
    for (const path of ['/v3', '/v3/']) {
      expect(await at('127.0.0.1').call('GET', path)).toMatchObject({
        status: 200,
        body: {
          version: {
            id: 'v3.6',
            status: 'stable',
            updated: '2016-04-04T00:00:00Z',
            links: [{ rel: 'self', href: `${huawei.url}/v3/` }],
            'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
          },
        },
      });
    }
  });

  it('at / are those of the host’s service', async () => {
    const port = new URL(huawei.url).port;
    for (const host of ['iam.north.example.com', 'iam.example.com']) {
      const { status, body } = await at(host).call('GET', '/');
      const links = [{ rel: 'self', href: `http://iam.north.example.com:${port}/v3/` }];
      expect(status).toBe(300);
      expect(body).toMatchObject({ versions: { values: [{ id: 'v3.6', links }] } });
    }
    for (const host of ['ims.north.example.com', '127.0.0.1']) {
      const { status, body } = await at(host).call('GET', '/');
      expect(status).toBe(300);
      expect(body.versions).toEqual(
        [
          ['v2.2', 'CURRENT', 'v2'],
          ['v2.1', 'SUPPORTED', 'v2'],
          ['v2.0', 'SUPPORTED', 'v2'],
          ['v1.1', 'DEPRECATED', 'v1'],
          ['v1.0', 'DEPRECATED', 'v1'],
        ].map(([id, status, path]) => ({
          id,
          status,
          links: [{ href: `http://${host}:${port}/${path}/`, rel: 'self' }],
        })),
      );
      expect((await at(host).call('GET', '/versions')).body).toEqual(body);
    }
  });

  it('of the native API, one by one', async () => {
    const cases = { '/v2': 3, '/v2/': 3, '/v2.0': 1, '/v2.2/': 1, '/v1': 2, '/v1.1': 1 };
    for (const [path, count] of Object.entries(cases)) {
      const { status, body } = await at('ims.south.example.com').call('GET', path);
      expect({ path, status, count: body.versions?.length }).toEqual({ path, status: 300, count });
    }
    for (const path of ['/v4', '/v2.9', '/constructor']) {
      expect(await at('127.0.0.1').call('GET', path)).toMatchObject({
        status: 404,
        body: { error_code: 'APIGW.0101' },
      });
    }
  });
});

describe('the catalog', () => {
  it('has an endpoint of each service in each region, at the host that was asked', async () => {
    const hexId = expect.stringMatching(/^[0-9a-f]{32}$/);
    const endpoints = (path: string) =>
      ['north', 'south'].map((region) => ({
        id: hexId,
        interface: 'public',
        region,
        region_id: region,
        url: `${huawei.url}${path}`,
      }));
    const inProjects = [
      { ...endpoints('')[0], url: `${huawei.url}/v1.0/${north}` },
      { ...endpoints('')[1], url: `${huawei.url}/v1.0/${await huawei.projectOf('south')}` },
    ];
    expect((await get('/v3/auth/catalog')).body).toEqual({
      catalog: [
        { type: 'identity', name: 'keystone', id: hexId, endpoints: endpoints('/v3') },
        { type: 'image', name: 'glance', id: hexId, endpoints: endpoints('') },
        { type: 'kms', name: 'key-management', id: hexId, endpoints: inProjects },
        { type: 'kmsv1', name: 'kmsv1', id: hexId, endpoints: inProjects },
      ],
      links: { self: `${huawei.url}/v3/auth/catalog`, previous: null, next: null },
    });
  });

  it('by host names, where the client came by one', async () => {
    const host = `iam.south.example.com:${new URL(huawei.url).port}`;
    const named = createHuaweiClient({ url: huawei.url, form: 'huawei', host, ...huawei.key });
    const { body } = await named.call('GET', '/v3/auth/catalog');
    const urls = body.catalog.flatMap(({ endpoints }: { endpoints: { url: string }[] }) =>
      endpoints.map(({ url }) => url),
    );
    const { port } = new URL(huawei.url);
    const ofKeys = [
      `http://kms.north.example.com:${port}/v1.0/${north}`,
      `http://kms.south.example.com:${port}/v1.0/${await huawei.projectOf('south')}`,
    ];
    expect(urls).toEqual([
      `http://iam.north.example.com:${port}/v3`,
      `http://iam.south.example.com:${port}/v3`,
      `http://ims.north.example.com:${port}`,
      `http://ims.south.example.com:${port}`,
      ...ofKeys,
      ...ofKeys,
    ]);
    expect(
      new Set(body.catalog.flatMap(({ endpoints }: { endpoints: { id: string }[] }) => endpoints.map(({ id }) => id)))
        .size,
    ).toBe(8);
  });

  it("names the token's own project, and none in a region where its bearer sees none", async () => {
    const { installation, caller, url } = huawei;
    const { context } = installation;
    const keyEndpoints = async (token: string) => {
      const { body } = await createHuaweiClient({ url, form: 'token', token }).call('GET', '/v3/auth/catalog');
      const { endpoints } = body.catalog.find(({ type }: { type: string }) => type === 'kms');
      return endpoints.map((each: { url: string }) => each.url.slice(url.length));
    };
    const own = await createSession(context, caller, { name: 'own', project: 'north_web' });
    expect(await keyEndpoints(own.token)).toEqual([`/v1.0/${web}`, `/v1.0/${await huawei.projectOf('south')}`]);
    const host = await installation.newCaller();
    const grants = [{ project: 'south', role: 'operator' } as const];
    const fields = { name: 'catalog', description: '', trustedAccount: caller.accountId, grants, expiresAt: null };
    await createAgency(context, host, fields);
    const agency = { account: host.accountName, name: 'catalog' };
    const visit = await createSession(context, caller, { name: 'visit', agency });
    expect(await keyEndpoints(visit.token)).toEqual([`/v1.0/${await huawei.projectOf('south', host)}`]);
  });
});

describe('regions', () => {
  const view = (id: string) => ({
    id,
    type: 'public',
    description: '',
    parent_region_id: null,
    locales: { 'zh-cn': id, 'en-us': id },
    links: { self: `${huawei.url}/v3/regions/${id}` },
  });

  it('are listed and shown', async () => {
    expect((await get('/v3/regions')).body).toEqual({
      regions: [view('north'), view('south')],
      links: { self: `${huawei.url}/v3/regions`, previous: null, next: null },
    });
    expect((await get('/v3/regions/south')).body).toEqual({ region: view('south') });
  });

  it('that are not there are a 404 of Keystone’s', async () => {
    expect(await get('/v3/regions/west')).toMatchObject({ status: 404, body: notFound });
  });
});

const notFound = { error: { message: 'The requested resource could not be found.', code: 404, title: 'Not Found' } };

describe('projects', () => {
  it('are listed by name', async () => {
    const { status, body } = await get('/v3/projects', { domain_id: domain, name: 'north' });
    const self = `${huawei.url}/v3/projects/${north}`;
    const view = { id: north, name: 'north', description: '', domain_id: domain, parent_id: domain };
    expect(status).toBe(200);
    expect(body).toEqual({
      projects: [{ ...view, is_domain: false, enabled: true, links: { self } }],
      links: { self: `${huawei.url}/v3/projects?domain_id=${domain}&name=north`, previous: null, next: null },
    });
    expect(names((await get('/v3/projects')).body.projects)).toEqual(['north', 'north_web', 'south']);
    expect((await get('/v3/auth/projects')).body.projects).toEqual((await get('/v3/projects')).body.projects);
  });

  it.each([
    [() => ({ parent_id: domain }), ['north', 'south']],
    [() => ({ parent_id: north }), ['north_web']],
    [() => ({ parent_id: web }), []],
    [() => ({ parent_id: 'none' }), []],
    [() => ({ name: 'nort' }), []],
    [() => ({ name: '', domain_id: '', parent_id: '', enabled: '' }), ['north', 'north_web', 'south']],
    [() => ({ enabled: 'true', is_domain: 'false' }), ['north', 'north_web', 'south']],
    [() => ({ enabled: false }), []],
    [() => ({ is_domain: true }), []],
    [() => ({ page: 1, per_page: 2 }), ['north', 'north_web']],
    [() => ({ page: 2, per_page: 2 }), ['south']],
    [() => ({ page: 3, per_page: 2 }), []],
  ] as const)('case %#', async (query, expected) => {
    expect(names((await get('/v3/projects', query())).body.projects)).toEqual(expected);
  });

  it('by a GET with a body, as Huawei’s SDKs for Node send it', async () => {
    const { status, body } = await client.call('GET', '/v3/projects', { query: { name: 'south' }, body: {} });
    expect({ status, names: names(body.projects) }).toEqual({ status: 200, names: ['south'] });
  });

  it('are shown', async () => {
    const { status, body } = await get(`/v3/projects/${web}`);
    expect(status).toBe(200);
    expect(body.project).toMatchObject({
      id: web,
      name: 'north_web',
      description: 'of the web team',
      parent_id: north,
    });
  });

  it('of others are none, nor are those that an agency does not grant', async () => {
    const { installation, caller, projectOf } = huawei;
    const host = await installation.newCaller();
    for (const name of ['north', 'north%00']) {
      expect(await get(`/v3/projects/${name}`)).toMatchObject({ status: 404, body: notFound });
    }
    // The same whether it is somebody's or nobody's.
    for (const id of [await projectOf('north', host), '0'.repeat(32)]) {
      expect((await get(`/v3/projects/${id}`)).status).toBe(403);
    }
    const { context } = installation;
    const grants = [{ project: 'south', role: 'operator' } as const];
    const fields = { name: 'south', description: '', trustedAccount: caller.accountId, grants, expiresAt: null };
    await createAgency(context, host, fields);
    const agency = { account: host.accountName, name: 'south' };
    const { token } = await createSession(context, caller, { name: 'visit', agency });
    const visitor = createHuaweiClient({ url: huawei.url, form: 'token', token });
    const { body } = await visitor.call('GET', '/v3/projects');
    expect(body.projects).toMatchObject([{ name: 'south', domain_id: toHexId(host.accountId) }]);
    expect((await visitor.call('GET', `/v3/projects/${await projectOf('north', host)}`)).status).toBe(403);
  });

  it('are refused of another domain, and by numbers that are none', async () => {
    const other = toHexId((await huawei.installation.newCaller()).accountId);
    const forbidden = {
      message: 'You are not authorized to perform the requested action.',
      code: 403,
      title: 'Forbidden',
    };
    for (const path of ['/v3/projects', '/v3/roles']) {
      expect(await get(path, { domain_id: other })).toMatchObject({ status: 403, body: { error: forbidden } });
      for (const query of [{ page: 0 }, { per_page: 5001 }, { per_page: 'many' }]) {
        expect(await get(path, query)).toMatchObject({
          status: 400,
          body: { error: { code: 400, title: 'Bad Request' } },
        });
      }
    }
    expect((await get('/v3/projects', { enabled: 'maybe' })).status).toBe(400);
    expect((await get('/v3/roles', { type: 'AX' })).status).toBe(400);
  });
});

describe('domains', () => {
  it('are the account', async () => {
    const view = { id: domain, name: huawei.caller.accountName, enabled: true, description: '' };
    expect((await get('/v3/auth/domains')).body).toEqual({
      domains: [{ ...view, links: { self: `${huawei.url}/v3/domains/${domain}` } }],
      links: { self: `${huawei.url}/v3/auth/domains` },
    });
  });
});

describe('roles', () => {
  it('are listed with what their policies say', async () => {
    const { status, body } = await get('/v3/roles', { display_name: 'IMS Administrator' });
    const { id } = body.roles[0];
    const self = `${huawei.url}/v3/roles/${id}`;
    expect(status).toBe(200);
    expect(body).toEqual({
      roles: [
        {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          name: 'ims_adm',
          display_name: 'IMS Administrator',
          domain_id: null,
          catalog: 'IMS',
          type: 'XA',
          description: expect.stringMatching(/./),
          policy: { Version: '1.0', Statement: [{ Action: ['ims:*:*'], Effect: 'Allow' }] },
          links: { self, previous: null, next: null },
        },
      ],
      links: { self: `${huawei.url}/v3/roles?display_name=IMS%20Administrator`, previous: null, next: null },
      total_number: 1,
    });
    expect((await get(`/v3/roles/${id}`)).body).toEqual({ role: body.roles[0] });
    expect(await get(`/v3/roles/${north}`)).toMatchObject({ status: 404, body: notFound });
  });

  it.each([
    [() => ({ name: 'system_all_22' }), ['system_all_22']],
    [() => ({ display_name: 'CrossCopy' }), ['IMS CrossCopyAgencyPolicy', 'IMS CrossCopyAgencyCBRPolicy']],
    [() => ({ catalog: 'BASE', type: 'domain' }), ['readonly', 'secu_admin', 'te_admin', 'te_agency']],
    [() => ({ permission_type: 'policy', type: 'domain' }), []],
    [() => ({ permission_type: 'role', catalog: 'IMS' }), ['ims_adm']],
    [() => ({ type: 'project', catalog: 'BASE' }), ['readonly', 'server_adm', 'te_admin']],
    // Custom ones, of which there are none.
    [() => ({ domain_id: domain }), []],
  ] as const)('case %#', async (query, expected) => {
    const { body } = await get('/v3/roles', query());
    expect({ names: names(body.roles), total: body.total_number }).toEqual({ names: expected, total: expected.length });
  });

  it('by pages', async () => {
    const { body } = await get('/v3/roles', { page: 2, per_page: 4 });
    expect(names(body.roles)).toEqual(names(huaweiRoles).slice(4, 8));
    expect(body.total_number).toBe(huaweiRoles.length);
  });

  it('have ids and names of their own', () => {
    for (const of of ['id', 'name', 'displayName'] as const) {
      expect(new Set(huaweiRoles.map((role) => role[of])).size).toBe(huaweiRoles.length);
    }
  });
});

describe('another domain in X-Domain-Id', () => {
  it('is refused', async () => {
    const signing = { url: huawei.url, form: 'huawei', ...huawei.key } as const;
    expect((await createHuaweiClient({ ...signing, domainId: domain }).call('GET', '/v3/regions')).status).toBe(200);
    expect(await createHuaweiClient({ ...signing, domainId: north }).call('GET', '/v3/regions')).toMatchObject({
      status: 403,
      body: { error_code: 'APIGW.0310' },
    });
  });
});
