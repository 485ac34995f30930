/** Enterprise projects: made, found, changed and disabled, and every row of their tables. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import type { Caller } from '../../../app/context.ts';
import { createResourceGroup, findResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { epsFaults } from '../eps-faults.ts';
import { toHexId } from '../ids.ts';
import { createProjectFaults, operateProjectFaults, updateProjectFaults } from './enterprise-project-faults.ts';

const path = '/v1.0/enterprise-projects';

let huawei: TestHuawei;
let viewer: HuaweiClient;
let other: Caller;
/** A group of another account. */
let foreign: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  const { installation } = huawei;
  viewer = await huawei.newClient('viewer');
  other = await installation.newCaller();
  const group = { name: 'foreign', description: '' };
  foreign = (await createResourceGroup(installation.context, other, group)).result.id;
});
afterAll(() => huawei.close());

const create = (body: unknown, by = huawei.client) => by.call('POST', path, { body });
const show = (id: string) => huawei.client.call('GET', `${path}/${id}`);
const update = (id: string, body: unknown, by = huawei.client) => by.call('PUT', `${path}/${id}`, { body });
const operate = (id: string, body: unknown, by = huawei.client) => by.call('POST', `${path}/${id}/action`, { body });

let made = 0;
const someName = () => {
  made += 1;
  return `project-${made}`;
};

async function newProject(changes: object = {}): Promise<Readonly<Record<string, unknown>> & { readonly id: string }> {
  const { status, body } = await create({ name: someName(), ...changes });
  expect(status).toBe(201);
  return body.enterprise_project;
}

async function newDisabled(): Promise<string> {
  const { id } = await newProject();
  expect(await operate(id, { action: 'disable' })).toMatchObject({ status: 204, body: '' });
  return id;
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

describe('an enterprise project', () => {
  it('is a resource group, shown as it was made', async () => {
    const name = someName();
    const { status, body } = await create({ name, description: 'for builds', type: 'prod' });
    const { id } = body.enterprise_project;
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        enterprise_project: {
          id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          name,
          description: 'for builds',
          status: 1,
          type: 'prod',
          created_at: time,
          updated_at: body.enterprise_project.created_at,
        },
      },
    });
    expect(await show(id)).toMatchObject({ status: 200, body });
    const { installation, caller } = huawei;
    expect(await findResourceGroup(installation.context, caller, name)).toMatchObject({ id, disabledAt: null });
  });

  it('called 0 is the default one, as old as the account', async () => {
    expect((await show('0')).body).toEqual({
      enterprise_project: {
        id: '0',
        name: 'default',
        description: '',
        status: 1,
        type: 'prod',
        created_at: time,
        updated_at: time,
      },
    });
  });

  it('is given another name and description, each as far as it is said', async () => {
    const { id } = await newProject({ description: 'before' });
    const name = someName();
    const { status, body } = await update(id, { name });
    expect({ status, project: body.enterprise_project }).toMatchObject({
      status: 200,
      project: { id, name, description: 'before' },
    });
    expect((await update(id, { name, description: '' })).body.enterprise_project).toMatchObject({ description: '' });
  });

  it('is disabled and enabled', async () => {
    const id = await newDisabled();
    expect((await show(id)).body.enterprise_project).toMatchObject({ status: 2, updated_at: time });
    expect(await operate(id, { action: 'enable' })).toMatchObject({ status: 204, body: '' });
    expect((await show(id)).body.enterprise_project).toMatchObject({ status: 1 });
  });

  it("is the whole account's: whatever region and project the client names", async () => {
    const { id } = await newProject();
    const elsewhere = { url: huawei.url, form: 'huawei', ...huawei.key, projectId: 'of-no-account' } as const;
    const domainId = toHexId(huawei.caller.accountId);
    for (const host of ['eps.south.example.test', 'eps.example.test']) {
      const client = createHuaweiClient({ ...elsewhere, host, domainId });
      expect(await client.call('GET', `${path}/${id}`)).toMatchObject({ status: 200 });
    }
  });
});

describe('the list', () => {
  let owner: Caller;
  let client: HuaweiClient;
  const list = (query: Readonly<Record<string, string | number>> = {}) => client.call('GET', path, { query });
  const namesOf = async (query: Readonly<Record<string, string | number>> = {}) => {
    const { status, body } = await list(query);
    expect(status).toBe(200);
    return body.enterprise_projects.map(({ name }: { name: string }) => name);
  };
  let beta: string;

  beforeAll(async () => {
    owner = await huawei.installation.newCaller();
    client = await huawei.newClient('owner', { caller: owner });
    for (const name of ['alpha', 'beta', 'beta-two']) {
      await client.call('POST', path, { body: { name } });
      huawei.installation.advance(1000);
    }
    beta = (await list({ name: 'beta' })).body.enterprise_projects.find(
      (each: { name: string }) => each.name === 'beta',
    ).id;
    await client.call('POST', `${path}/${beta}/action`, { body: { action: 'disable' } });
  });

  it("is of the account's own and the default one, newest first", async () => {
    const { body } = await list();
    expect(Object.keys(body).toSorted()).toEqual(['enterprise_projects', 'total_count']);
    expect(body.enterprise_projects[0]).toEqual({
      id: expect.any(String),
      name: 'beta-two',
      description: '',
      status: 1,
      type: 'prod',
      created_at: time,
      updated_at: time,
    });
    expect(await namesOf()).toEqual(['beta-two', 'beta', 'alpha', 'default']);
    expect(body.total_count).toBe(4);
  });

  it('is sorted as is asked', async () => {
    expect(await namesOf({ sort_dir: 'asc' })).toEqual(['default', 'alpha', 'beta', 'beta-two']);
    expect(await namesOf({ sort_key: 'name', sort_dir: 'asc' })).toEqual(['alpha', 'beta', 'beta-two', 'default']);
    expect(await namesOf({ sort_key: 'updated_at' })).toEqual(['beta', 'beta-two', 'alpha', 'default']);
  });

  it.each([
    [{ name: 'BETA' }, ['beta-two', 'beta']],
    [{ name: 'nobody' }, []],
    [{ status: 1 }, ['beta-two', 'alpha', 'default']],
    [{ status: 2 }, ['beta']],
    [{ status: '' }, ['beta-two', 'beta', 'alpha', 'default']],
    [{ id: '0' }, ['default']],
    [{ type: 'prod', name: 'alpha' }, ['alpha']],
    [{ type: 'poc' }, []],
  ])('has those that fit: %j', async (query, names) => {
    expect(await namesOf(query)).toEqual(names);
  });

  it("finds one by its id, and no other account's", async () => {
    expect(await namesOf({ id: beta })).toEqual(['beta']);
    expect(await namesOf({ id: foreign })).toEqual([]);
  });

  it('has pages, and says how many there are in all', async () => {
    expect((await list({ limit: 3 })).body).toMatchObject({ enterprise_projects: { length: 3 }, total_count: 4 });
    expect((await list({ limit: 3, offset: 3 })).body).toMatchObject({
      enterprise_projects: [{ name: 'default' }],
      total_count: 4,
    });
    expect((await list({ offset: 4 })).body).toEqual({ enterprise_projects: [], total_count: 4 });
  });

  it.each([
    [{ limit: 0 }, 'limitInvalid'],
    [{ limit: 1001 }, 'limitInvalid'],
    [{ offset: -1 }, 'offsetInvalid'],
    [{ status: 3 }, 'badRequest'],
    [{ type: 'test' }, 'badRequest'],
    [{ sort_key: 'id' }, 'badRequest'],
    [{ sort_dir: 'up' }, 'badRequest'],
  ] as const)('is refused for %j', async (query, row) => {
    expectFault(await list(query), epsFaults[row], { service: 'eps' });
  });
});

const naming = {
  nameInvalid: () => create({ name: 'my-Default-project' }),
  descriptionInvalid: () => create({ name: someName(), description: 'd'.repeat(256) }),
  nameTaken: async () => create({ name: (await newProject()).name }),
};

const creating: Provocations<typeof createProjectFaults> = {
  ...naming,
  badRequest: () => create('[]'),
  forbidden: () => create({ name: someName() }, viewer),
};

const updating: Provocations<typeof updateProjectFaults> = {
  badRequest: () => update(foreign, 'no JSON'),
  forbidden: () => update('0', {}, viewer),
  notFound: () => update(foreign, { name: someName() }),
  nameInvalid: async () => update((await newProject()).id, { description: 'without a name' }),
  descriptionInvalid: async () => update((await newProject()).id, { name: someName(), description: 7 }),
  nameTaken: async () => update((await newProject()).id, { name: (await newProject()).name }),
  isDefault: () => update('0', { name: someName() }),
  isDisabled: async () => update(await newDisabled(), { name: someName() }),
};

const operating: Provocations<typeof operateProjectFaults> = {
  badRequest: () => operate(foreign, '"disable"'),
  forbidden: () => operate(foreign, { action: 'disable' }, viewer),
  notFound: () => operate(foreign, { action: 'disable' }),
  actionInvalid: () => operate(foreign, { action: 'delete' }),
  isDefault: () => operate('0', { action: 'disable' }),
};

describe.each([
  ['creating one', rowsOf(createProjectFaults, creating)],
  ['changing one', rowsOf(updateProjectFaults, updating)],
  ['enabling or disabling one', rowsOf(operateProjectFaults, operating)],
])('%s', (_, rows) => {
  it.each(rows)('is refused: $name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'eps' });
  });
});

describe('what names none', () => {
  it.each([
    ['no id', 'group'],
    ['an unknown one', '00000000-0000-4000-8000-000000000000'],
  ])('%s', async (_, id) => {
    expectFault(await show(id), epsFaults.notFound, { service: 'eps' });
  });

  it("another account's, which still is what it was", async () => {
    expectFault(await show(foreign), epsFaults.notFound, { service: 'eps' });
    const { context } = huawei.installation;
    expect(await findResourceGroup(context, other, foreign)).toMatchObject({ name: 'foreign', disabledAt: null });
  });

  it('the name or the other id of one', async () => {
    const { installation, caller } = huawei;
    const { name, id } = await newProject();
    const { aliyunId } = await findResourceGroup(installation.context, caller, id);
    for (const called of [name as string, aliyunId]) {
      expectFault(await show(called), epsFaults.notFound, { service: 'eps' });
    }
  });
});

describe('names', () => {
  it.each(['', ' name', 'na me', 'n'.repeat(65), 'a/b', 'default', 7, null])('refuses %j', async (name) => {
    expectFault(await create({ name }), createProjectFaults.nameInvalid, { service: 'eps' });
  });

  it('takes letters of any script', async () => {
    expect((await create({ name: '企业_项目-1' })).status).toBe(201);
  });

  it('has no projects for tests', async () => {
    expectFault(await create({ name: someName(), type: 'poc' }), createProjectFaults.badRequest, { service: 'eps' });
  });
});
