/** Temporary access keys: for a token, by an agency, and every row of their table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiClient } from '../../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../../test/support/huawei-faults.ts';
import { insertSessions, mostSessions } from '../../../../../test/support/many-sessions.ts';
import type { Caller } from '../../../../app/context.ts';
import { createAgency } from '../../../../app/tenants/agencies.ts';
import { createSession, listSessions } from '../../../../app/tenants/sessions.ts';
import { commonFaults } from '../../common-faults.ts';
import { toHexId } from '../../ids.ts';
import { securityTokenFaults as faults } from './credential-faults.ts';

let huawei: TestHuawei;
let anonymous: HuaweiClient;
/** An account that lets the first one in by the agency `images`. */
let host: Caller;
beforeAll(async () => {
  huawei = await createTestHuawei();
  anonymous = createHuaweiClient({ url: huawei.url, form: 'token' });
  host = await huawei.installation.newCaller();
  const agency = { name: 'images', description: '', trustedAccount: huawei.caller.accountId, expiresAt: null };
  const { context } = huawei.installation;
  await createAgency(context, host, { ...agency, grants: [{ project: 'north', role: 'operator' }] });
  await createAgency(context, host, { ...agency, name: 'empty', grants: [] });
});
afterAll(() => huawei.close());

const bearer = (token: string) => createHuaweiClient({ url: huawei.url, form: 'token', token });
const newToken = (of: Caller = huawei.caller) => huawei.newToken('north', of);
const byAgency = (role: object = {}) => {
  const assume_role = { agency_name: 'images', domain_name: host.accountName, ...role };
  return { methods: ['assume_role'], assume_role };
};

async function ask(identity: unknown, by: HuaweiClient = huawei.client, scope?: object) {
  const body = { auth: { identity, ...(scope && { scope }) } };
  return await by.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', { body });
}

interface Credential {
  readonly access: string;
  readonly secret: string;
  readonly securitytoken: string;
  readonly expires_at: string;
}

async function credentialOf(...asked: Parameters<typeof ask>): Promise<Credential> {
  const { status, body } = await ask(...asked);
  expect(status).toBe(201);
  return body.credential;
}

function clientOf({ access, secret, securitytoken }: Credential): HuaweiClient {
  const keys = { accessKeyId: access, secret, securityToken: securitytoken };
  return createHuaweiClient({ url: huawei.url, form: 'huawei', ...keys });
}

/** Whose account the client acts in; undefined where it is not let in. */
async function domainOf(client: HuaweiClient): Promise<string | undefined> {
  const { body } = await client.call('GET', '/v3/auth/domains');
  return body.domains?.[0].name;
}

/** Seconds that it lasts. */
function lifeOf({ expires_at }: Credential): number {
  return Math.round((Date.parse(expires_at) - huawei.installation.context.clock.now()) / 1000);
}

describe('for a token', () => {
  it('a key that signs requests together with its security token, and not without', async () => {
    const answer = await ask({ methods: ['token'] }, bearer(await newToken()));
    expect(answer).toMatchObject({ status: 201 });
    expect(answer.body).toEqual({
      credential: {
        access: expect.stringMatching(/^[A-Z0-9]{20}$/),
        secret: expect.any(String),
        securitytoken: expect.any(String),
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/),
      },
    });
    const credential: Credential = answer.body.credential;
    expect(await domainOf(clientOf(credential))).toBe(huawei.caller.accountName);
    const { access: accessKeyId, secret, securitytoken } = credential;
    const bare = createHuaweiClient({ url: huawei.url, form: 'huawei', accessKeyId, secret });
    expectFault(await bare.call('GET', '/v3/regions'), commonFaults.keyNotFound, { service: 'iam' });
    expectFault(await bearer(securitytoken).call('GET', '/v3/regions'), commonFaults.tokenInvalid, { service: 'iam' });
  });

  it('in the body, in X-Auth-Token, which counts more, or for who signs', async () => {
    const other = await huawei.installation.newCaller();
    const theirs = { methods: ['token'], token: { id: await newToken(other) } };
    const cases: readonly (readonly [string, unknown, HuaweiClient])[] = [
      [other.accountName, theirs, anonymous],
      // Clients that sign all that they send mean the token all the same.
      [other.accountName, theirs, huawei.client],
      [huawei.caller.accountName, theirs, bearer(await newToken())],
      [huawei.caller.accountName, { methods: ['token'] }, huawei.client],
      [huawei.caller.accountName, { methods: ['token'], token: { id: '' } }, huawei.client],
    ];
    for (const [account, identity, by] of cases) {
      expect(await domainOf(clientOf(await credentialOf(identity, by)))).toBe(account);
    }
  });

  it('that lasts a quarter of an hour, or what is asked for, and no longer than what it is made with', async () => {
    const { context } = huawei.installation;
    const { token } = await createSession(context, huawei.caller, { name: 'short', seconds: 600 });
    const lasting = async (seconds: unknown, by = huawei.client) => {
      return lifeOf(await credentialOf({ methods: ['token'], token: { duration_seconds: seconds } }, by));
    };
    expect(await lasting(undefined)).toBe(900);
    expect(await lasting(3600)).toBe(3600);
    expect(await lasting('900')).toBe(900);
    // Sessions live 12 hours here.
    expect(await lasting(86_400)).toBe(12 * 3600);
    expect(await lasting(3600, bearer(token))).toBe(600);
  });

  it('ends with it', async () => {
    const token = await newToken();
    const temporary = clientOf(await credentialOf({ methods: ['token'], token: { id: token } }, anonymous));
    const second = clientOf(await credentialOf({ methods: ['token'] }, temporary));
    expect(await domainOf(second)).toBe(huawei.caller.accountName);
    const revoked = await bearer(token).call('DELETE', '/v3/auth/tokens', { headers: { 'X-Subject-Token': token } });
    expect(revoked.status).toBe(204);
    for (const client of [temporary, second]) expect(await domainOf(client)).toBeUndefined();
  });
});

describe('by an agency', () => {
  it('a key that acts in the other domain, as far as its grants go', async () => {
    const role = { duration_seconds: 1800, session_user: { name: 'pipeline' } };
    const credential = await credentialOf(byAgency(role));
    expect(lifeOf(credential)).toBe(1800);
    const inHost = clientOf(credential);
    expect(await domainOf(inHost)).toBe(host.accountName);
    const { body } = await inHost.call('GET', '/v3/auth/projects');
    expect(body.projects.map(({ name }: { name: string }) => name)).toEqual(['north']);
    const { sessions } = await listSessions(huawei.installation.context, huawei.caller, { limit: 100 });
    expect(sessions.filter(({ agency }) => agency !== null)).toMatchObject([{ name: 'pipeline', agency: 'images' }]);
  });

  it.each([
    ['by the id of its domain', () => ({ domain_name: undefined, domain_id: toHexId(host.accountId) })],
    ['under its older name', () => ({ agency_name: undefined, xrole_name: 'images' })],
    ['of a session without a name', () => ({ session_user: { name: '' } })],
  ])('%s', async (_, role) => {
    expect(await domainOf(clientOf(await credentialOf(byAgency(role()))))).toBe(host.accountName);
  });

  it('for a token, too', async () => {
    expect(await domainOf(clientOf(await credentialOf(byAgency(), bearer(await newToken()))))).toBe(host.accountName);
  });
});

it('a scope says what its requests mean that name no project, and refuses others', async () => {
  const scope = { project: { name: 'south', domain: { name: huawei.caller.accountName } } };
  const scoped = clientOf(await credentialOf({ methods: ['token'] }, huawei.client, scope));
  const job = async (region: string) => {
    return await scoped.call('GET', `/v1/${await huawei.projectOf(region)}/jobs/${toHexId(host.accountId)}`);
  };
  expectFault(await job('north'), commonFaults.projectInvalid, { service: 'ims' });
  expect((await job('south')).body.error.code).not.toBe(commonFaults.projectInvalid.code);
});

const someone = { agency_name: 'images', domain_name: 'nobody' };

const provocations: Provocations<typeof faults> = {
  malformed: () => ask({ methods: ['token'], token: { duration_seconds: 899 } }),
  methodUnsupported: () => ask({ methods: ['password'] }),
  unauthorized: () => ask({ methods: ['token'], token: { id: 'none' } }, anonymous),
  forbidden: async () => ask(byAgency(), await huawei.newClient('viewer')),
  agencyNotFound: () => ask(byAgency({ agency_name: 'nothing' })),
  async tooMany() {
    const { newCaller, context } = huawei.installation;
    const caller = await newCaller();
    const token = await newToken(caller);
    await insertSessions(context.db, caller, mostSessions, context.clock.now() + 60_000);
    return await ask({ methods: ['token'] }, bearer(token));
  },
};

describe('the row', () => {
  it.each(rowsOf(faults, provocations))('$name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'iam' });
  });

  it.each<[keyof typeof faults, unknown]>([
    ['malformed', undefined],
    ['malformed', {}],
    ['malformed', { methods: 'token' }],
    ['malformed', { methods: [7] }],
    ['malformed', { methods: ['token'], token: 'none' }],
    ['malformed', { methods: ['token'], token: { duration_seconds: 86_401 } }],
    ['malformed', { methods: ['token'], policy: { Version: '1.1', Statement: [] } }],
    ['malformed', { methods: ['assume_role'] }],
    ['malformed', { methods: ['assume_role'], assume_role: { domain_name: 'x' } }],
    ['malformed', { methods: ['assume_role'], assume_role: { agency_name: 'x' } }],
    ['malformed', { methods: ['assume_role'], assume_role: { ...someone, session_user: { name: 'four' } } }],
    ['malformed', { methods: ['assume_role'], assume_role: { ...someone, session_user: { name: '1digit' } } }],
    ['malformed', { methods: ['assume_role'], assume_role: { ...someone, session_user: 'pipeline' } }],
    ['methodUnsupported', { methods: ['token', 'totp'] }],
    ['methodUnsupported', { methods: [''] }],
    ['agencyNotFound', { methods: ['assume_role'], assume_role: someone }],
  ])('%s: %j', async (row, identity) => {
    expectFault(await ask(identity), faults[row], { service: 'iam' });
  });

  it('unauthorized: a scope of what is not there', async () => {
    for (const scope of [
      { project: { name: 'nowhere' } },
      { project: { id: toHexId(host.accountId) } },
      { domain: { name: host.accountName } },
      { project: { name: 'north', domain: { name: 'nobody' } } },
    ]) {
      expectFault(await ask({ methods: ['token'] }, huawei.client, scope), faults.unauthorized, { service: 'iam' });
    }
  });

  it('forbidden: by an agency already, or one that grants nothing', async () => {
    const inHost = clientOf(await credentialOf(byAgency()));
    expectFault(await ask({ methods: ['token'] }, inHost), faults.forbidden, { service: 'iam' });
    expectFault(await ask(byAgency(), inHost), faults.forbidden, { service: 'iam' });
    expectFault(await ask(byAgency({ agency_name: 'empty' })), faults.forbidden, { service: 'iam' });
  });

  it('agencyNotFound: one that trusts somebody else', async () => {
    const stranger = await huawei.installation.newCaller();
    const answer = await ask(byAgency(), await huawei.newClient('owner', { caller: stranger }));
    expectFault(answer, faults.agencyNotFound, { service: 'iam' });
  });

  it('without credentials, and with wrong ones, the gateway’s', async () => {
    for (const identity of [{ methods: ['token'] }, byAgency()]) {
      expectFault(await ask(identity, anonymous), commonFaults.tokenMissing, { service: 'iam' });
      expectFault(await ask(identity, bearer('none')), commonFaults.tokenInvalid, { service: 'iam' });
      const { accessKeyId } = huawei.key;
      const wrong = createHuaweiClient({ url: huawei.url, form: 'huawei', accessKeyId, secret: 'wrong' });
      expectFault(await ask(identity, wrong), commonFaults.signatureWrong, { service: 'iam' });
    }
  });
});
