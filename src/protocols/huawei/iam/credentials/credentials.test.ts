/** Permanent access keys: everybody's own, and for owners those of all users. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../../test/support/huawei-faults.ts';
import type { Caller } from '../../../../app/context.ts';
import { createAccessKey, listAccessKeys } from '../../../../app/tenants/access-keys.ts';
import { createSession } from '../../../../app/tenants/sessions.ts';
import { createUser } from '../../../../app/tenants/users.ts';
import type { Role } from '../../../../domain/principal.ts';
import { commonFaults } from '../../common-faults.ts';
import { fromHexId, toHexId } from '../../ids.ts';
import { credentialFaults } from './credential-faults.ts';

const path = '/v3.0/OS-CREDENTIAL/credentials';
const nobody = '0123456789abcdef0123456789abcdef';

let huawei: TestHuawei;
/** An owner of the account. */
let client: HuaweiClient;
let friend: Caller;
beforeAll(async () => {
  huawei = await createTestHuawei();
  client = huawei.client;
  friend = await huawei.installation.newCaller();
});
afterAll(() => huawei.close());

interface Member {
  /** As clients write it. */
  readonly id: string;
  readonly accessKeyId: string;
  readonly client: HuaweiClient;
}

let made = 0;
async function newMember(role: Role = 'viewer', caller = huawei.caller): Promise<Member> {
  const { context } = huawei.installation;
  made += 1;
  const { result } = await createUser(context, caller, { name: `member-${made}`, role });
  const key = await createAccessKey(context, caller, result.id, { description: '' });
  return { id: toHexId(result.id), accessKeyId: key.id, client: clientOf(key) };
}

function clientOf({ id, secret }: { readonly id: string; readonly secret: string }): HuaweiClient {
  return createHuaweiClient({ url: huawei.url, form: 'huawei', accessKeyId: id, secret });
}

const create = (credential: object, by = client) => by.call('POST', path, { body: { credential } });
const update = (key: string, credential: object, by = client) => {
  return by.call('PUT', `${path}/${key}`, { body: { credential } });
};
const show = (key: string, by = client) => by.call('GET', `${path}/${key}`);
const isLetIn = async (by: HuaweiClient) => (await by.call('GET', '/v3/auth/domains')).status === 200;
const keysOf = (user: string) => {
  return listAccessKeys(huawei.installation.context, huawei.caller, fromHexId(user) as string);
};

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/);

describe('a key of one’s own', () => {
  it('is made, lets in, is shown, switched off and on, and deleted', async () => {
    const member = await newMember();
    const answer = await create({ user_id: member.id, description: 'for the pipeline' }, member.client);
    const { secret, ...shown } = answer.body.credential;
    expect(answer.status).toBe(201);
    expect(shown).toEqual({
      access: expect.stringMatching(/^[A-Z0-9]{20}$/),
      user_id: member.id,
      description: 'for the pipeline',
      status: 'active',
      create_time: time,
    });
    const own = clientOf({ id: shown.access, secret });
    expect(await show(shown.access, own)).toMatchObject({
      status: 200,
      body: { credential: { ...shown, last_use_time: expect.any(String) } },
    });
    expect(await update(shown.access, { status: 'inactive' }, member.client)).toMatchObject({
      status: 200,
      body: { credential: { ...shown, status: 'inactive' } },
    });
    expectFault(await show(shown.access, own), commonFaults.keyNotFound, { service: 'iam' });
    const again = await update(shown.access, { status: 'active', description: '' }, member.client);
    expect(again.body).toEqual({ credential: { ...shown, description: '' } });
    expect(await isLetIn(own)).toBe(true);
    const gone = await member.client.call('DELETE', `${path}/${shown.access}`);
    expect(gone).toMatchObject({ status: 204, body: '' });
    expect(await isLetIn(own)).toBe(false);
  });

  it('was last used when it was; one that never was, when it was made', async () => {
    const member = await newMember();
    const { body } = await create({ user_id: member.id }, member.client);
    const { secret: _, ...shown } = body.credential;
    const unused = await show(shown.access);
    expect(unused.body).toEqual({ credential: { ...shown, last_use_time: shown.create_time } });
    const { context } = huawei.installation;
    const last_used_at = Date.parse(shown.create_time) + 60_000;
    await context.db.updateTable('access_keys').set({ last_used_at }).where('id', '=', shown.access).execute();
    const used = await show(shown.access);
    expect(Date.parse(used.body.credential.last_use_time)).toBe(last_used_at);
  });
});

it('the list is of the caller’s own, or of the user that an owner asks for', async () => {
  const member = await newMember();
  const { body } = await create({ user_id: member.id, description: 'second' });
  const list = async (by: HuaweiClient, user_id?: string) => {
    const answer = await by.call('GET', path, { query: { user_id } });
    expect(answer.status).toBe(200);
    return answer.body.credentials;
  };
  const { secret: _, ...second } = body.credential;
  const both = [{ access: member.accessKeyId, user_id: member.id }, second];
  for (const found of [await list(member.client), await list(member.client, ''), await list(client, member.id)]) {
    expect(found).toMatchObject(both);
    expect(Object.keys(found[0]).toSorted()).toEqual(Object.keys(second).toSorted());
  }
  expect(await list(client)).toMatchObject([{ access: huawei.key.accessKeyId }]);
});

describe('another’s key', () => {
  it('is an owner’s to make, look at, change and delete', async () => {
    const member = await newMember();
    const { body } = await create({ user_id: member.id });
    const { access } = body.credential;
    expect((await show(access)).body.credential.user_id).toBe(member.id);
    expect((await update(access, { description: 'x' })).status).toBe(200);
    expect((await client.call('DELETE', `${path}/${access}`)).status).toBe(204);
    expect((await keysOf(member.id)).map(({ id }) => id)).toEqual([member.accessKeyId]);
  });

  it('does not exist for others, of the account and of another one', async () => {
    const member = await newMember();
    const colleague = await newMember('operator');
    const stranger = await newMember('owner', friend);
    for (const by of [colleague.client, stranger.client]) {
      const answers = [
        await show(member.accessKeyId, by),
        await update(member.accessKeyId, { status: 'inactive' }, by),
        await by.call('DELETE', `${path}/${member.accessKeyId}`),
      ];
      for (const answer of answers) expectFault(answer, credentialFaults.keyNotFound, { service: 'iam' });
    }
    const query = { user_id: member.id };
    expectFault(await colleague.client.call('GET', path, { query }), credentialFaults.forbidden, { service: 'iam' });
    expectFault(await stranger.client.call('GET', path, { query }), credentialFaults.userNotFound, { service: 'iam' });
    expectFault(await create(query, stranger.client), credentialFaults.userNotFound, { service: 'iam' });
    expect(await keysOf(member.id)).toMatchObject([{ disabledAt: null }]);
  });
});

async function createTooMany() {
  const { id } = await newMember();
  for (let i = 0; i < 4; i += 1) expect((await create({ user_id: id })).status).toBe(201);
  return await create({ user_id: id });
}

const provocations: Provocations<typeof credentialFaults> = {
  malformed: () => create({}),
  tooMany: createTooMany,
  forbidden: async () => create({ user_id: (await newMember()).id }, (await newMember('operator')).client),
  keyNotFound: () => show('MKAAAAAAAAAAAAAAAAAA'),
  userNotFound: () => create({ user_id: nobody }),
};

describe('the row', () => {
  it.each(rowsOf(credentialFaults, provocations))('$name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'iam' });
  });

  it.each([
    { user_id: '' },
    { user_id: 'self' },
    { user_id: 'owner' },
    { user_id: 7 },
    { user_id: nobody, description: 'x'.repeat(256) },
    { user_id: nobody, description: {} },
  ])('malformed: %j', async (credential) => {
    expectFault(await create(credential), credentialFaults.malformed, { service: 'iam' });
  });

  it.each([{ status: 'off' }, { status: true }, { description: 'x'.repeat(256) }])('malformed: %j', async (changes) => {
    const { accessKeyId } = await newMember();
    expectFault(await update(accessKeyId, changes), credentialFaults.malformed, { service: 'iam' });
  });

  it.each(['', '[]', '{}', '{"credential":null}', '{"credential":7}'])('malformed: a body %j', async (body) => {
    expectFault(await client.call('POST', path, { body }), credentialFaults.malformed, { service: 'iam' });
    const { accessKeyId } = await newMember();
    const changed = await client.call('PUT', `${path}/${accessKeyId}`, { body });
    expectFault(changed, credentialFaults.malformed, { service: 'iam' });
  });

  it('userNotFound: a user is named by his id alone', async () => {
    for (const user_id of ['owner', 'self', nobody]) {
      const listed = await client.call('GET', path, { query: { user_id } });
      expectFault(listed, credentialFaults.userNotFound, { service: 'iam' });
    }
  });

  it('forbidden: temporary keys make none that would outlive them', async () => {
    const { context } = huawei.installation;
    const session = await createSession(context, huawei.caller, { name: 'keys', credentials: true });
    const { id: accessKeyId = '', secret = '' } = session.accessKey ?? {};
    const keys = { accessKeyId, secret, securityToken: session.token };
    const temporary = createHuaweiClient({ url: huawei.url, form: 'huawei', ...keys });
    const { id } = await newMember();
    expectFault(await create({ user_id: id }, temporary), credentialFaults.forbidden, { service: 'iam' });
  });
});
