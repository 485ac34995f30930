/** Agencies: made, found, changed and deleted, and every row of their table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import type { HuaweiClient } from '../../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../../test/support/huawei-faults.ts';
import type { Caller } from '../../../../app/context.ts';
import { createAgency, findAgency } from '../../../../app/tenants/agencies.ts';
import { newUuid } from '../../../../domain/ids.ts';
import { fromHexId, toHexId } from '../../ids.ts';
import { plainFaults } from '../../plain-faults.ts';
import { agencyFaults } from './agency-faults.ts';
import { imageService } from './trust.ts';

const hour = 3_600_000;
const path = '/v3.0/OS-AGENCY/agencies';

let huawei: TestHuawei;
let client: HuaweiClient;
let friend: Caller;
/** The account, and its friend, as clients write them. */
let domain: string;
let friendDomain: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  client = huawei.client;
  friend = await huawei.installation.newCaller();
  domain = toHexId(huawei.caller.accountId);
  friendDomain = toHexId(friend.accountId);
});
afterAll(() => huawei.close());

let made = 0;
const someName = () => {
  made += 1;
  return `agency-${made}`;
};

/** Without what is undefined. */
const bodyOf = (agency: object) => ({ agency: JSON.parse(JSON.stringify(agency)) });

async function create(agency: object = {}, by: HuaweiClient = client) {
  const asked = { name: someName(), domain_id: domain, trust_domain_name: 'op_svc_ims', ...agency };
  return await by.call('POST', path, { body: bodyOf(asked) });
}

async function newAgency(agency: object = {}) {
  const { status, body } = await create(agency);
  expect(status).toBe(201);
  return body.agency;
}

const update = (id: string, agency: object) => client.call('PUT', `${path}/${id}`, { body: bodyOf(agency) });
const inCore = (id: string) => {
  return findAgency(huawei.installation.context, huawei.caller, fromHexId(id) as string);
};
const someId = () => toHexId(newUuid((size) => crypto.getRandomValues(Buffer.alloc(size))));

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);

describe('an agency', () => {
  it('of the image service, shown as it was made', async () => {
    const name = someName();
    const answer = await create({ name, description: 'for copies', duration: 'FOREVER' });
    const shown = {
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name,
      description: 'for copies',
      domain_id: domain,
      trust_domain_id: imageService.id,
      trust_domain_name: 'op_svc_ims',
      duration: 'FOREVER',
      create_time: time,
      expire_time: null,
    };
    expect(answer).toMatchObject({ status: 201, body: { agency: shown } });
    expect(Object.keys(answer.body.agency).toSorted()).toEqual(Object.keys(shown).toSorted());
    const { id } = answer.body.agency;
    expect(await client.call('GET', `${path}/${id}`)).toMatchObject({ status: 200, body: answer.body });
    expect(await inCore(id)).toMatchObject({ name, trustedAccountId: null, grants: [], expiresAt: null });
  });

  it('of another domain, by its id or its name, which wins', async () => {
    const trusted = { trust_domain_id: friendDomain, trust_domain_name: friend.accountName };
    const byId = await newAgency({ trust_domain_name: undefined, trust_domain_id: friendDomain });
    expect(byId).toMatchObject(trusted);
    expect(await newAgency({ ...trusted, trust_domain_id: someId() })).toMatchObject(trusted);
    const service = await newAgency({ trust_domain_name: '', trust_domain_id: imageService.id });
    expect((await inCore(service.id)).trustedAccountId).toBeNull();
  });

  it.each([
    [undefined, null],
    [null, null],
    ['', null],
    ['FOREVER', null],
    ['ONEDAY', 24],
    ['20', 480],
    [2, 48],
  ])('that lasts %j, which is said in hours: %j', async (duration, hours) => {
    const { id, ...shown } = await newAgency({ duration });
    const { createdAt, expiresAt } = await inCore(id);
    expect(shown.duration).toBe(hours === null ? 'FOREVER' : String(hours));
    if (hours === null) return expect(expiresAt).toBeNull();
    expect(Date.parse(`${shown.expire_time}Z`)).toBe(expiresAt);
    expect(Math.round(((expiresAt as number) - createdAt) / hour)).toBe(hours);
  });

  it('is changed in what is given', async () => {
    const { id, ...before } = await newAgency({ description: 'old' });
    const described = await update(id, { description: 'new' });
    expect(described).toMatchObject({ status: 200, body: { agency: { ...before, description: 'new' } } });
    const lasting = (await update(id, { duration: 'ONEDAY' })).body.agency;
    expect(lasting).toMatchObject({ description: 'new', duration: '24', trust_domain_name: 'op_svc_ims' });
    const { createdAt, expiresAt } = await inCore(id);
    expect(expiresAt).toBe(createdAt + 24 * hour);
    const { body } = await update(id, { trust_domain_name: friend.accountName, description: '', duration: 'FOREVER' });
    expect(body.agency).toMatchObject({ description: '', trust_domain_id: friendDomain, expire_time: null });
  });

  it('is deleted, once', async () => {
    const { id } = await newAgency();
    expect(await client.call('DELETE', `${path}/${id}`)).toMatchObject({ status: 204, body: '' });
    for (const method of ['DELETE', 'GET']) {
      expectFault(await client.call(method, `${path}/${id}`), agencyFaults.agencyNotFound, { service: 'iam' });
    }
  });
});

it('the list has all of the domain, or those that are asked for, in pages', async () => {
  const one = await newAgency({ name: 'zz-one', trust_domain_name: friend.accountName });
  const two = await newAgency({ name: 'zz-two' });
  const list = async (query: Record<string, string | number>) => {
    const { status, body } = await client.call('GET', path, { query });
    expect(status).toBe(200);
    return body.agencies;
  };
  const all = await list({});
  expect(all.slice(-2)).toEqual([one, two]);
  expect(await list({ domain_id: domain, name: '', trust_domain_id: '' })).toEqual(all);
  expect(await list({ name: 'zz-two' })).toEqual([two]);
  expect(await list({ name: 'zz' })).toEqual([]);
  const trusting = await list({ trust_domain_id: friendDomain });
  expect(trusting).toContainEqual(one);
  expect(trusting).not.toContainEqual(two);
  expect(await list({ name: 'zz-two', trust_domain_id: imageService.id })).toEqual([two]);
  expect(await list({ trust_domain_id: someId() })).toEqual([]);
  expect(await list({ page: 2, per_page: all.length - 1 })).toEqual([two]);
  const { body } = await (await huawei.newClient('owner', { caller: friend })).call('GET', path);
  expect(body.agencies).toEqual([]);
});

async function createTwice() {
  const { name } = await newAgency();
  return await create({ name });
}

async function updateNothing() {
  const { id } = await newAgency();
  return await update(id, { name: 'other' });
}

const provocations: Provocations<typeof agencyFaults> = {
  malformed: updateNothing,
  missing: () => create({ name: undefined }),
  forbidden: async () => await create({}, await huawei.newClient('operator')),
  agencyNotFound: () => client.call('GET', `${path}/${someId()}`),
  trustNotFound: () => create({ trust_domain_name: 'nobody' }),
  nameTaken: createTwice,
};

describe('the row', () => {
  it.each(rowsOf(agencyFaults, provocations))('$name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'iam' });
  });
});

describe('the other ways to the same rows', () => {
  it.each<[keyof typeof agencyFaults, object]>([
    ['missing', { name: '' }],
    ['missing', { name: null }],
    ['missing', { domain_id: undefined }],
    ['missing', { trust_domain_name: undefined }],
    ['missing', { trust_domain_name: '', trust_domain_id: null }],
    ['malformed', { name: 7 }],
    ['malformed', { name: 'x'.repeat(65) }],
    ['malformed', { name: ' x' }],
    ['malformed', { name: 'a\0b' }],
    ['malformed', { name: newUuid(() => Buffer.alloc(16)) }],
    ['malformed', { description: 'x'.repeat(256) }],
    ['malformed', { trust_domain_name: [] }],
    ['malformed', { duration: 'ALWAYS' }],
    ['malformed', { duration: '0' }],
    ['malformed', { duration: 1.5 }],
    ['malformed', { duration: 10_000 }],
    ['malformed', { duration: true }],
    ['forbidden', { domain_id: 'acme' }],
    ['trustNotFound', { trust_domain_name: 'op_svc_ecs' }],
    ['trustNotFound', { trust_domain_name: undefined, trust_domain_id: 'acme' }],
    ['trustNotFound', { trust_domain_name: undefined, trust_domain_id: someId() }],
  ])('%s: %j', async (row, agency) => {
    expectFault(await create(agency), agencyFaults[row], { service: 'iam' });
  });

  it('a name of 64 characters, and a description of 255, are none of them', async () => {
    expect((await create({ name: 'x'.repeat(64), description: 'y'.repeat(255) })).status).toBe(201);
  });

  it('its own domain, and somebody else’s', async () => {
    const own = await create({ trust_domain_name: huawei.caller.accountName });
    expectFault(own, agencyFaults.malformed, { service: 'iam' });
    expectFault(await create({ domain_id: friendDomain }), agencyFaults.forbidden, { service: 'iam' });
    const listed = await client.call('GET', path, { query: { domain_id: friendDomain } });
    expectFault(listed, agencyFaults.forbidden, { service: 'iam' });
  });

  it.each(['{', '[]', '"x"', '', '{}', '{"agency":[]}', '{"agency":null}'])('a body %j', async (body) => {
    for (const [method, at] of [['POST', path] as const, ['PUT', `${path}/${someId()}`] as const]) {
      const answer = await client.call(method, at, { body });
      const fault = ['', '{}', '{"agency":null}'].includes(body) ? agencyFaults.missing : agencyFaults.malformed;
      expectFault(answer, fault, { service: 'iam' });
    }
  });

  it('an end that has passed already, and nobody to trust', async () => {
    const { id } = await newAgency();
    await huawei.installation.context.db
      .updateTable('agencies')
      .set({ created_at: Date.now() - 25 * hour })
      .where('id', '=', fromHexId(id) as string)
      .execute();
    expectFault(await update(id, { duration: 'ONEDAY' }), agencyFaults.malformed, { service: 'iam' });
    expectFault(await update(id, { trust_domain_name: 'nobody' }), agencyFaults.trustNotFound, { service: 'iam' });
  });

  it("another account's agency, one by its name, and what is no id: there are none", async () => {
    const { context } = huawei.installation;
    const theirs = { name: 'theirs', description: '', trustedAccount: null, grants: [], expiresAt: null };
    const { result } = await createAgency(context, friend, theirs);
    const { name } = await newAgency();
    for (const id of [toHexId(result.id), result.id, name, 'x', 'theirs']) {
      const answers = [
        await client.call('GET', `${path}/${id}`),
        await client.call('DELETE', `${path}/${id}`),
        await update(id, { description: 'x' }),
      ];
      for (const answer of answers) expectFault(answer, agencyFaults.agencyNotFound, { service: 'iam' });
    }
    expect(await findAgency(context, friend, 'theirs')).toMatchObject({ description: '' });
  });

  it('those who are no owners look, and do nothing', async () => {
    const { id } = await newAgency();
    const viewer = await huawei.newClient('viewer');
    expect((await viewer.call('GET', path)).status).toBe(200);
    expect((await viewer.call('GET', `${path}/${id}`)).status).toBe(200);
    const body = { agency: { description: 'x' } };
    for (const [method, at] of [
      ['PUT', `${path}/${id}`],
      ['DELETE', `${path}/${id}`],
      ['POST', path],
    ] as const) {
      expectFault(await viewer.call(method, at, { body }), plainFaults[403], { service: 'iam' });
    }
  });
});
