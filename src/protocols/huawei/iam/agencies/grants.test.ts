/** Roles of agencies: granted, shown and taken away, on a project, on all of them and on the domain. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../../test/support/huawei-faults.ts';
import { createTestApi, type TestApi } from '../../../../../test/support/native-api.ts';
import { makePlainImage } from '../../../../../test/support/plain-image.ts';
import type { Caller } from '../../../../app/context.ts';
import { createAgency, updateAgency } from '../../../../app/tenants/agencies.ts';
import { createProject, deleteProject } from '../../../../app/tenants/projects.ts';
import { createSession } from '../../../../app/tenants/sessions.ts';
import type { Agency } from '../../../../domain/tenants.ts';
import { commonFaults } from '../../common-faults.ts';
import { fromHexId, toHexId } from '../../ids.ts';
import { crossRegionCopyFaults } from '../../ims/copy-faults.ts';
import { huaweiRoles } from '../roles-data.ts';
import { grantFaults } from './agency-faults.ts';

let native: TestApi;
let huawei: TestHuawei;
let client: HuaweiClient;
let friend: Caller;
let domain: string;
let friendDomain: string;
let north: string;
let south: string;
beforeAll(async () => {
  native = await createTestApi();
  huawei = await createTestHuawei({ on: native.installation });
  client = huawei.client;
  friend = await huawei.installation.newCaller();
  domain = toHexId(huawei.caller.accountId);
  friendDomain = toHexId(friend.accountId);
  north = await huawei.projectOf('north');
  south = await huawei.projectOf('south');
});
afterAll(async () => {
  await huawei.close();
  await native.close();
});

const roleId = (name: string) => huaweiRoles.find((role) => role.name === name)?.id ?? '';
const imsAdmin = roleId('ims_adm');
const nobody = '0123456789abcdef0123456789abcdef';

let made = 0;
async function newAgency(changes: Partial<Parameters<typeof createAgency>[2]> = {}, caller = huawei.caller) {
  made += 1;
  const blank = { name: `copies-${made}`, description: '', trustedAccount: null, grants: [], expiresAt: null };
  const { result } = await createAgency(huawei.installation.context, caller, { ...blank, ...changes });
  return result;
}

/** The paths of a role of the agency, and of the list that it is in. */
const places = {
  project: ({ id }: Pick<Agency, 'id'>, role = imsAdmin, project = south) => {
    const list = `/v3.0/OS-AGENCY/projects/${project}/agencies/${toHexId(id)}/roles`;
    return { list, role: `${list}/${role}` };
  },
  domain: ({ id }: Pick<Agency, 'id'>, role = imsAdmin, of = domain) => {
    const list = `/v3.0/OS-AGENCY/domains/${of}/agencies/${toHexId(id)}/roles`;
    return { list, role: `${list}/${role}` };
  },
  'all projects': ({ id }: Pick<Agency, 'id'>, role = imsAdmin, of = domain) => {
    const roles = `/v3.0/OS-INHERIT/domains/${of}/agencies/${toHexId(id)}/roles`;
    return { list: `${roles}/inherited_to_projects`, role: `${roles}/${role}/inherited_to_projects` };
  },
};
type Place = keyof typeof places;
const placeNames = Object.keys(places) as Place[];

/** As the native API shows them. */
async function grantsOf({ id }: Agency) {
  const authorization = `Bearer ${await native.newToken('owner', huawei.caller)}`;
  const { body } = await native.call('GET', `/agencies/${id}`, undefined, { authorization });
  return (body as { grants: readonly unknown[] }).grants;
}

describe.each(placeNames)('on %s', (place) => {
  const granted: Readonly<Record<Place, object>> = {
    project: { projectId: expect.any(String), isGlobal: false },
    domain: { projectId: null, isGlobal: true },
    'all projects': { projectId: null, isGlobal: false },
  };

  it('a role is granted, there, shown and taken away, each as often as anybody likes', async () => {
    const agency = await newAgency();
    const { list, role } = places[place](agency);
    const others = placeNames.filter((name) => name !== place).map((name) => places[name](agency));
    expect(await client.call('HEAD', role)).toMatchObject({ status: 404, body: '' });
    for (let i = 0; i < 2; i += 1) {
      expect(await client.call('PUT', role)).toMatchObject({ status: 204, body: '' });
      expect(await grantsOf(agency)).toEqual([{ ...granted[place], role: 'operator', title: 'ims_adm' }]);
      expect((await client.call('HEAD', role)).status).toBe(204);
    }
    expect(await client.call('GET', list)).toMatchObject({
      status: 200,
      body: { roles: [{ id: imsAdmin, name: 'ims_adm', display_name: 'IMS Administrator', domain_id: null }] },
    });
    for (const other of others) {
      expect((await client.call('HEAD', other.role)).status).toBe(404);
      expect((await client.call('DELETE', other.role)).status).toBe(204);
      expect((await client.call('GET', other.list)).body).toEqual({ roles: [] });
    }
    expect((await client.call('HEAD', role)).status).toBe(204);
    for (let i = 0; i < 2; i += 1) {
      expect(await client.call('DELETE', role)).toMatchObject({ status: 204, body: '' });
      expect(await grantsOf(agency)).toEqual([]);
    }
  });

  it('roles stand beside each other', async () => {
    const agency = await newAgency();
    for (const name of ['readonly', 'te_admin', 'ims_adm']) {
      expect((await client.call('PUT', places[place](agency, roleId(name)).role)).status).toBe(204);
    }
    await client.call('DELETE', places[place](agency, roleId('te_admin')).role);
    const { body } = await client.call('GET', places[place](agency).list);
    expect(body.roles.map(({ name }: { name: string }) => name)).toEqual(['ims_adm', 'readonly']);
    expect(await grantsOf(agency)).toEqual([
      { ...granted[place], role: 'operator', title: 'ims_adm' },
      { ...granted[place], role: 'viewer', title: 'readonly' },
    ]);
  });

  it('agencies, roles, projects and domains that are not the caller’s', async () => {
    const agency = await newAgency();
    const theirs = await newAgency({}, friend);
    const { context } = huawei.installation;
    const another = { region: 'north', name: `north_${made}`, description: '' };
    const { result: gone } = await createProject(context, huawei.caller, another);
    await deleteProject(context, huawei.caller, gone.id);
    const at = places[place];
    const wrong = place === 'project' ? [nobody, await huawei.projectOf('south', friend), gone.id, 'south'] : [];
    const denied = place === 'project' ? [] : [nobody, friendDomain, huawei.caller.accountName];
    const cases = [
      ...[{ id: nobody }, theirs].map((each) => [at(each), grantFaults.agencyNotFound] as const),
      ...['ims_adm', nobody].map((role) => [at(agency, role), grantFaults.roleNotFound] as const),
      ...wrong.map((of) => [at(agency, imsAdmin, of), grantFaults.projectNotFound] as const),
      ...denied.map((of) => [at(agency, imsAdmin, of), grantFaults.forbidden] as const),
    ];
    for (const [{ role, list }, fault] of cases) {
      for (const method of ['PUT', 'DELETE']) {
        expectFault(await client.call(method, role), fault, { service: 'iam' });
      }
      expect((await client.call('HEAD', role)).status).toBe(fault.status);
      if (fault !== grantFaults.roleNotFound) expectFault(await client.call('GET', list), fault, { service: 'iam' });
    }
    expect(await grantsOf(agency)).toEqual([]);
  });

  it('only owners grant and take away; all look', async () => {
    const agency = await newAgency({ grants: [{ role: 'operator', title: 'ims_adm', project: null }] });
    const { list, role } = places[place](agency);
    const operator = await huawei.newClient('operator');
    for (const method of ['PUT', 'DELETE']) {
      expectFault(await operator.call(method, role), grantFaults.forbidden, { service: 'iam' });
    }
    expect((await operator.call('GET', list)).status).toBe(200);
    expect((await operator.call('HEAD', role)).status).toBe(place === 'all projects' ? 204 : 404);
    expect(await grantsOf(agency)).toHaveLength(1);
  });
});

it('temporary keys of an owner grant nothing', async () => {
  const { context } = huawei.installation;
  const { token, accessKey } = await createSession(context, huawei.caller, { name: 'keys', credentials: true });
  const { id: accessKeyId = '', secret = '' } = accessKey ?? {};
  const keys = { accessKeyId, secret, securityToken: token };
  const temporary = createHuaweiClient({ url: huawei.url, form: 'huawei', ...keys });
  const { role } = places.project(await newAgency());
  expectFault(await temporary.call('PUT', role), grantFaults.forbidden, { service: 'iam' });
});

it('what the native API granted is not among the roles, and stays when they go', async () => {
  const agency = await newAgency({ grants: [{ role: 'operator', project: 'south' }] });
  const { list, role } = places.project(agency);
  expect((await client.call('GET', list)).body).toEqual({ roles: [] });
  await client.call('DELETE', role);
  expect(await grantsOf(agency)).toEqual([
    { projectId: fromHexId(south), role: 'operator', title: '', isGlobal: false },
  ]);
});

describe('a copy to the project, by the agency', () => {
  async function copy({ name }: Agency, project: string) {
    const image = await makePlainImage(huawei.installation.context, huawei.caller);
    const body = { name: 'copy', description: '', region: 'south', project_name: project, agency_name: name };
    return await client.call('POST', `/v1/cloudimages/${image.id}/cross_region_copy`, { body });
  }

  it('is what the role on that project lets the image service do, while it is there', async () => {
    const { context } = huawei.installation;
    const another = { region: 'south', name: 'south_web', description: '' };
    const { result: web } = await createProject(context, huawei.caller, another);
    const agency = await newAgency();
    const denied = (answer: Awaited<ReturnType<typeof copy>>) => {
      expectFault(answer, crossRegionCopyFaults.agencyDenied, { service: 'ims' });
    };
    denied(await copy(agency, 'south'));
    // Not the one that reads only, nor on another project, nor on the domain.
    for (const { role } of [
      places.project(agency, roleId('system_all_22')),
      places.project(agency, imsAdmin, north),
      places.project(agency, imsAdmin, toHexId(web.id)),
      places.domain(agency),
    ]) {
      await client.call('PUT', role);
      denied(await copy(agency, 'south'));
    }
    expect((await copy(agency, 'south_web')).status).toBe(200);
    const { role } = places.project(agency, roleId('IMS CrossCopyAgencyPolicy'));
    await client.call('PUT', role);
    expect((await copy(agency, 'south')).status).toBe(200);
    await client.call('DELETE', role);
    denied(await copy(agency, 'south'));
    await client.call('PUT', places['all projects'](agency).role);
    expect((await copy(agency, 'south')).status).toBe(200);
    await updateAgency(context, huawei.caller, agency.id, { trustedAccount: friend.accountId });
    denied(await copy(agency, 'south'));
  });
});

async function grantOneTooMany() {
  const grants = Array.from({ length: 100 }, (_, i) => ({ role: 'viewer' as const, title: `role ${i}` }));
  return await client.call('PUT', places.project(await newAgency({ grants })).role);
}

async function grantToAgency(role = imsAdmin, project = south) {
  return await client.call('PUT', places.project(await newAgency(), role, project).role);
}

const provocations: Provocations<typeof grantFaults> = {
  malformed: grantOneTooMany,
  forbidden: () => grantToAgency(roleId('secu_admin')),
  agencyNotFound: () => client.call('PUT', places.project({ id: nobody }).role),
  roleNotFound: () => grantToAgency(nobody),
  projectNotFound: () => grantToAgency(imsAdmin, nobody),
};

describe('the row', () => {
  it.each(rowsOf(grantFaults, provocations))('$name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'iam' });
  });

  it('forbidden: the other role that no agency can have', async () => {
    expectFault(await grantToAgency(roleId('te_agency')), grantFaults.forbidden, { service: 'iam' });
  });

  it('without credentials there is none of them', async () => {
    const anonymous = createHuaweiClient({ url: huawei.url, form: 'token' });
    const { role } = places.project(await newAgency());
    expectFault(await anonymous.call('PUT', role), commonFaults.tokenMissing, { service: 'iam' });
  });
});
