/** Tokens: asked for by every method, shown, ended, and every row of their table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiAnswer, type HuaweiClient } from '../../../../test/support/huawei-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { createInstallation, type Installation, never } from '../../../../test/support/installation.ts';
import { insertSessions, mostSessions } from '../../../../test/support/many-sessions.ts';
import type { Caller } from '../../../app/context.ts';
import { createAgency, updateAgency } from '../../../app/tenants/agencies.ts';
import { setPassword } from '../../../app/tenants/passwords.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createSession } from '../../../app/tenants/sessions.ts';
import { createUser } from '../../../app/tenants/users.ts';
import { toHexId } from '../ids.ts';
import { tokenFaults } from './token-faults.ts';

const password = 'correct horse';

let installation: Installation;
let huawei: TestHuawei;
/** Takes tokens by access keys. */
let keyed: TestHuawei;
let anonymous: HuaweiClient;
let north: string;
/** An account that lets the first one in by the agency `images`. */
let host: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  huawei = await createTestHuawei({ on: installation });
  keyed = await createTestHuawei({ on: installation, settings: { acceptsKeyTokens: true } });
  anonymous = createHuaweiClient({ url: huawei.url, form: 'token' });
  const { context } = installation;
  await setPassword(context, huawei.caller, { user: 'self', password }, never);
  north = await huawei.projectOf('north');
  host = await installation.newCaller();
  const grants = [
    { project: 'north', role: 'operator' },
    { project: 'south', role: 'viewer' },
  ] as const;
  const trustedAccount = huawei.caller.accountId;
  await createAgency(context, host, { name: 'images', description: '', trustedAccount, grants, expiresAt: null });
});
afterAll(async () => {
  await keyed.close();
  await huawei.close();
  await installation.close();
});

type Scope = Readonly<Record<string, unknown>> | undefined;

interface Asking {
  readonly client?: HuaweiClient;
  readonly nocatalog?: string;
}

async function ask(identity: unknown, scope?: Scope, { client = anonymous, nocatalog = 'true' }: Asking = {}) {
  const body = { auth: { identity, ...(scope && { scope }) } };
  return await client.call('POST', '/v3/auth/tokens', { body, query: { nocatalog: nocatalog || undefined } });
}

function byPassword(user: Readonly<Record<string, unknown>> = {}) {
  const domain = { name: huawei.caller.accountName };
  return { methods: ['password'], password: { user: { name: 'owner', domain, password, ...user } } };
}

const byToken = (id: unknown) => ({ methods: ['token'], token: { id } });
const byKey = (key: object) => ({ methods: ['hw_ak_sk'], hw_ak_sk: key });
const byAgency = (role: object = {}) => ({
  methods: ['assume_role'],
  assume_role: { domain_name: host.accountName, agency_name: 'images', ...role },
});

async function guessKey(access_key: string) {
  const client = createHuaweiClient({ url: keyed.url, form: 'token' });
  return await ask(byKey({ access_key, secret_key: 'wrong' }), undefined, { client });
}

const project = (name: string) => ({ project: { name } });
const tokenOf = ({ headers }: HuaweiAnswer<unknown>) => String(headers['x-subject-token']);
const bearer = (token: string) => createHuaweiClient({ url: huawei.url, form: 'token', token });
const about = (token: string) => ({ headers: { 'X-Subject-Token': token } });

async function projectsOf(client: HuaweiClient): Promise<string[]> {
  const { body } = await client.call('GET', '/v3/auth/projects');
  return body.projects.map(({ name }: { name: string }) => name);
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/);
const hexId = expect.stringMatching(/^[0-9a-f]{32}$/);

describe('by a password', () => {
  it('a token of a project', async () => {
    const answer = await ask(byPassword(), project('north'), { nocatalog: '' });
    const domain = { id: toHexId(huawei.caller.accountId), name: huawei.caller.accountName };
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      token: {
        methods: ['password'],
        issued_at: time,
        expires_at: time,
        user: { id: toHexId(huawei.caller.userId as string), name: 'owner', domain, password_expires_at: '' },
        project: { id: north, name: 'north', domain },
        roles: ['secu_admin', 'te_admin', 'te_agency'].map((name) => ({ id: hexId, name })),
        catalog: expect.any(Array),
      },
    });
    const { issued_at, expires_at, catalog } = answer.body.token;
    // As long as sessions live here, which is less than the cloud's day.
    expect(Date.parse(expires_at) - Date.parse(issued_at)).toBe(12 * 3600 * 1000);
    expect(catalog.map(({ type }: { type: string }) => type)).toEqual(['identity', 'image', 'kms', 'kmsv1']);
    const client = bearer(tokenOf(answer));
    expect((await client.call('GET', '/v3/auth/domains')).body.domains).toMatchObject([domain]);
  });

  it('in each way to name the user, his domain and the project', async () => {
    const { accountId, accountName, userId } = huawei.caller;
    const id = toHexId(userId as string);
    for (const user of [
      { domain: { id: toHexId(accountId) } },
      { domain: { id: accountId } },
      { id, name: undefined, domain: undefined },
      { id: userId },
    ]) {
      expect(await ask(byPassword(user))).toMatchObject({ status: 201, body: { token: { user: { id } } } });
    }
    const domain = { name: accountName };
    const self = byToken(tokenOf(await ask(byPassword())));
    for (const scope of [{ id: north }, { name: 'north', domain }, { name: 'north', domain: { id: accountId } }]) {
      const { body } = await ask(self, { project: scope, domain: { name: 'ignored' } });
      expect(body.token.project).toMatchObject({ id: north });
    }
  });

  it('without a project it is the domain’s', async () => {
    const domain = { id: toHexId(huawei.caller.accountId), name: huawei.caller.accountName };
    const self = byToken(tokenOf(await ask(byPassword(), project('north'))));
    for (const scope of [undefined, {}, { domain: { name: domain.name } }, { domain: { id: domain.id } }]) {
      const { status, body } = await ask(self, scope);
      expect(status).toBe(201);
      expect(body.token).toMatchObject({ domain });
      expect(body.token).not.toHaveProperty('project');
      expect(body.token).not.toHaveProperty('catalog');
    }
  });

  it('ends with the password', async () => {
    const { result: user } = await createUser(installation.context, huawei.caller, { name: 'ann', role: 'viewer' });
    await setPassword(installation.context, huawei.caller, { user: user.id, password }, never);
    const answer = await ask(byPassword({ name: 'ann' }));
    expect(answer.body.token.roles).toEqual([{ id: hexId, name: 'readonly' }]);
    const client = bearer(tokenOf(answer));
    expect((await client.call('GET', '/v3/auth/domains')).status).toBe(200);
    await setPassword(installation.context, huawei.caller, { user: user.id, password: null }, never);
    expect((await client.call('GET', '/v3/auth/domains')).status).toBe(401);
  });

  it('is locked after six failures, for five minutes, and another user is not', async () => {
    const wrong = () => ask(byPassword({ name: 'nobody', password: 'wrong' }));
    for (let failures = 0; failures < 6; failures += 1) expectRow(await wrong(), 'passwordWrong');
    expectRow(await wrong(), 'locked');
    expect((await ask(byPassword())).status).toBe(201);
    installation.advance(5 * 60_000);
    expectRow(await wrong(), 'passwordWrong');
  });

  it('a text of any length is answered at once', async () => {
    // Characters whose normal form takes the square of their number: seconds of this process for all of these.
    const long = `a${'\u0301'.repeat(50_000)}${'\u0323'.repeat(50_000)}`;
    expectRow(await ask(byPassword({ password: long })), 'passwordWrong');
  });
});

describe('by a token', () => {
  it('another one, which ends with it', async () => {
    const first = await ask(byPassword());
    const second = await ask(byToken(tokenOf(first)), project('south'));
    expect(second).toMatchObject({
      status: 201,
      body: { token: { methods: ['token'], project: { name: 'south' }, user: { name: 'owner' } } },
    });
    const client = bearer(tokenOf(second));
    expect((await client.call('DELETE', '/v3/auth/tokens', about(tokenOf(first)))).status).toBe(204);
    expect((await client.call('GET', '/v3/regions')).status).toBe(401);
  });
});

describe('by an agency', () => {
  it('what it grants, in the project that the token is for', async () => {
    const domain = { id: toHexId(host.accountId), name: host.accountName };
    const answer = await ask(byAgency(), project('north'), { client: huawei.client });
    expect(answer.status).toBe(201);
    expect(answer.body.token).toEqual({
      methods: ['assume_role'],
      issued_at: time,
      expires_at: time,
      user: { id: hexId, name: `${domain.name}/images`, domain, password_expires_at: '' },
      assumed_by: {
        user: {
          id: hexId,
          name: 'user-1',
          domain: { id: toHexId(huawei.caller.accountId), name: huawei.caller.accountName },
          password_expires_at: '',
        },
      },
      project: { id: await huawei.projectOf('north', host), name: 'north', domain },
      roles: [{ id: hexId, name: 'ims_adm' }],
    });
    expect(await projectsOf(bearer(tokenOf(answer)))).toEqual(['north']);

    // In the other project it grants less.
    const south = await ask(byAgency(), project('south'), { client: huawei.client });
    expect(south.body.token).toMatchObject({ project: { name: 'south' }, roles: [{ name: 'readonly' }] });
    expect(await projectsOf(bearer(tokenOf(south)))).toEqual(['north', 'south']);
  });

  it('in each way to name it, with a key or a token of the caller', async () => {
    const token = tokenOf(await ask(byPassword()));
    const roles = [
      { agency_name: undefined, xrole_name: 'images' },
      { domain_name: undefined, domain_id: toHexId(host.accountId) },
    ];
    for (const client of [bearer(token), huawei.client]) {
      for (const role of roles) {
        const { status, body } = await ask(byAgency(role), { domain: { id: toHexId(host.accountId) } }, { client });
        expect(status).toBe(201);
        expect(body.token).toMatchObject({ domain: { name: host.accountName } });
      }
    }
    expect(await ask(byAgency())).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
  });

  it('ends when the agency lets nobody in any more', async () => {
    const fields = { name: 'brief', description: '', trustedAccount: huawei.caller.accountId, expiresAt: null };
    await createAgency(installation.context, host, { ...fields, grants: [{ role: 'viewer' }] });
    const client = bearer(tokenOf(await ask(byAgency({ agency_name: 'brief' }), undefined, { client: huawei.client })));
    expect(await projectsOf(client)).toEqual(['north', 'south']);
    await updateAgency(installation.context, host, 'brief', { grants: [] });
    expect((await client.call('GET', '/v3/auth/projects')).status).toBe(401);
  });
});

describe('by an access key', () => {
  it('in both ways to write it', async () => {
    const { accessKeyId, secret } = keyed.key;
    const client = createHuaweiClient({ url: keyed.url, form: 'token' });
    for (const key of [
      { access: { key: accessKeyId }, secret: { key: secret } },
      { access_key: accessKeyId, secret_key: secret },
    ]) {
      const answer = await ask(byKey(key), project('north'), { client });
      expect(answer).toMatchObject({
        status: 201,
        body: { token: { methods: ['hw_ak_sk'], user: { name: 'user-1' }, project: { name: 'north' } } },
      });
    }
  });

  it('is locked together with its signatures', async () => {
    const key = await keyed.newKey();
    const wrong = () => guessKey(key.accessKeyId);
    for (let failures = 0; failures < 6; failures += 1) expectRow(await wrong(), 'keyWrong');
    expectRow(await wrong(), 'locked');
    const signed = await createHuaweiClient({ url: keyed.url, form: 'huawei', ...key }).call('GET', '/v3/regions');
    expect(signed).toMatchObject({ status: 401, body: { error_msg: expect.stringContaining('reach the limit') } });
  });
});

describe('a token is shown', () => {
  it('to its bearer and to owners of its account, as it was when it was made', async () => {
    const made = await ask(byPassword(), project('north'), { nocatalog: '' });
    const token = tokenOf(made);
    for (const client of [bearer(token), huawei.client]) {
      const shown = await client.call('GET', '/v3/auth/tokens', about(token));
      expect(shown).toMatchObject({ status: 200, headers: { 'x-subject-token': token } });
      expect(shown.body).toEqual(made.body);
      const checked = await client.call('HEAD', '/v3/auth/tokens', about(token));
      expect(checked).toMatchObject({ status: 200, body: '', headers: { 'x-subject-token': token } });
    }
    const short = await huawei.client.call('GET', '/v3/auth/tokens', { ...about(token), query: { nocatalog: 'yes' } });
    expect(short.body.token).not.toHaveProperty('catalog');
  });

  it('by an agency, to the users’ side', async () => {
    const made = await ask(byAgency(), project('north'), { client: huawei.client });
    for (const client of [bearer(tokenOf(made)), huawei.client]) {
      expect(
        (await client.call('GET', '/v3/auth/tokens', { ...about(tokenOf(made)), query: { nocatalog: 1 } })).body,
      ).toEqual(made.body);
    }
    const owner = await huawei.newClient('owner', { caller: host });
    expectRow(await owner.call('GET', '/v3/auth/tokens', about(tokenOf(made))), 'tokenNotFound');
  });

  it('that the native API gave as well', async () => {
    const token = await huawei.newToken('south');
    const { body } = await bearer(token).call('GET', '/v3/auth/tokens', about(token));
    expect(body.token).toMatchObject({ methods: ['token'], project: { name: 'south' }, user: { name: 'owner' } });
  });

  it('and to nobody else, nor ended by him', async () => {
    const token = tokenOf(await ask(byPassword()));
    const stranger = await huawei.newClient('owner', { caller: await installation.newCaller() });
    const colleague = await huawei.newClient('operator');
    for (const client of [stranger, colleague]) {
      for (const method of ['GET', 'DELETE']) {
        expectRow(await client.call(method, '/v3/auth/tokens', about(token)), 'tokenNotFound');
      }
      expect((await client.call('HEAD', '/v3/auth/tokens', about(token))).status).toBe(404);
    }
    expect((await bearer(token).call('DELETE', '/v3/auth/tokens', about(token))).status).toBe(204);
    expectRow(await huawei.client.call('DELETE', '/v3/auth/tokens', about(token)), 'tokenNotFound');
  });
});

function expectRow(answer: HuaweiAnswer<unknown>, row: keyof typeof tokenFaults): void {
  expectFault(answer, tokenFaults[row], { service: 'iam' });
}

/** More than are checked or wait at once; together they take longer than a request needs to come. */
async function whileBusy<Result>(work: () => Promise<Result>): Promise<Result> {
  const { passwords } = installation.context;
  const nobodys = `$scrypt$ln=13,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const checks = Array.from({ length: 66 }, () => passwords.verify('wrong', nobodys, never));
  try {
    return await work();
  } finally {
    await Promise.all(checks);
  }
}

const provocations: Provocations<typeof tokenFaults> = {
  malformed: () => ask({ methods: ['password'] }),
  methodUnsupported: () => ask({ ...byPassword(), methods: ['password', 'totp'], totp: { user: { passcode: '1' } } }),
  passwordWrong: () => ask(byPassword({ password: 'wrong horse' })),
  keyWrong: () => guessKey('MKNOBODYSNOBODYSNOBO'),
  async locked() {
    const { accessKeyId } = await keyed.newKey();
    for (let failures = 0; failures < 6; failures += 1) await guessKey(accessKeyId);
    return await guessKey(accessKeyId);
  },
  unauthorized: () => ask(byToken('mimeo_nothing')),
  forbidden: async () => ask(byAgency(), undefined, { client: await huawei.newClient('viewer') }),
  agencyNotFound: () => ask(byAgency({ agency_name: 'none' }), undefined, { client: huawei.client }),
  async tooMany() {
    const caller = await installation.newCaller();
    const token = await huawei.newToken('north', caller);
    await insertSessions(installation.context.db, caller, mostSessions, installation.context.clock.now() + 60_000);
    return await ask(byToken(token));
  },
  tokenNotFound: () => huawei.client.call('GET', '/v3/auth/tokens', about('mimeo_nothing')),
  busy: () => whileBusy(() => ask(byPassword())),
};

describe('the table', () => {
  it.each(rowsOf(tokenFaults, provocations))('$name', async ({ fault, provoke }) => {
    expectFault(await provoke(huawei), fault, { service: 'iam' });
  });

  const malformed: readonly [string, () => unknown][] = [
    ['no methods', () => ({})],
    ['methods that are no list', () => ({ methods: 'password' })],
    ['no user', () => ({ methods: ['password'], password: {} })],
    ['no domain', () => byPassword({ domain: undefined })],
    ['no name', () => byPassword({ name: '' })],
    ['a password of a number', () => byPassword({ password: 12345678 })],
    ['a name of which there is none so long', () => byPassword({ name: 'x'.repeat(65) })],
    ['no token', () => byToken(undefined)],
    ['no agency', () => byAgency({ agency_name: '' })],
    ['no domain of the agency', () => byAgency({ domain_name: null })],
  ];
  it.each(malformed)('malformed: %s', async (_, identityOf) => {
    const answer = await ask(identityOf());
    expectRow(answer, 'malformed');
    expect(JSON.stringify(answer.body)).not.toContain(password);
  });

  it('malformed: a body that is none, and no X-Subject-Token', async () => {
    for (const body of ['{', '[]', {}, { auth: 1 }, { auth: {} }]) {
      expectRow(await anonymous.call('POST', '/v3/auth/tokens', { body }), 'malformed');
    }
    for (const method of ['GET', 'DELETE']) {
      expectRow(await huawei.client.call(method, '/v3/auth/tokens'), 'malformed');
    }
  });

  it('methodUnsupported: what is none, and access keys without the setting', async () => {
    const { accessKeyId: access_key, secret: secret_key } = huawei.key;
    for (const identity of [{ methods: [] }, { methods: ['toString'] }, byKey({ access_key, secret_key })]) {
      expectRow(await ask(identity), 'methodUnsupported');
    }
  });

  it('unauthorized: a scope that is not there for the user', async () => {
    const foreign = await huawei.projectOf('north', host);
    const domain = { name: host.accountName };
    const self = byToken(tokenOf(await ask(byPassword())));
    for (const scope of [
      project('nowhere'),
      { project: { id: foreign } },
      { project: { id: 'none' } },
      { project: { name: 'north', domain } },
      { domain },
      { domain: { id: toHexId(host.accountId) } },
    ]) {
      expectRow(await ask(self, scope), 'unauthorized');
    }
    const own = { domain: { name: huawei.caller.accountName } };
    expectRow(await ask(byAgency(), own, { client: huawei.client }), 'unauthorized');
    const { result } = await createProject(installation.context, host, {
      region: 'north',
      name: 'north_other',
      description: '',
    });
    const ungranted = { project: { id: toHexId(result.id) } };
    expectRow(await ask(byAgency(), ungranted, { client: huawei.client }), 'unauthorized');
  });

  it('counts failures by their address', async () => {
    const limited = await createTestHuawei({ on: installation, limits: { requestsPerMinute: 20 } });
    try {
      const client = createHuaweiClient({ url: limited.url, form: 'token' });
      const statuses = [];
      for (let asked = 0; asked < 3; asked += 1) {
        statuses.push((await ask(byToken('mimeo_nothing'), undefined, { client })).status);
      }
      expect(statuses).toEqual([401, 401, 429]);
    } finally {
      await limited.close();
    }
  });

  it('forbidden: a token by an agency makes no other', async () => {
    const token = tokenOf(await ask(byAgency(), undefined, { client: huawei.client }));
    expectRow(await ask(byToken(token)), 'forbidden');
    expectRow(await ask(byAgency(), undefined, { client: bearer(token) }), 'forbidden');
  });

  it('malformed: temporary credentials make no token', async () => {
    const { accessKey, token } = await createSession(installation.context, huawei.caller, {
      name: 'temporary',
      credentials: true,
    });
    const signing = { accessKeyId: accessKey?.id as string, secret: accessKey?.secret as string, securityToken: token };
    const client = createHuaweiClient({ url: huawei.url, form: 'huawei', ...signing });
    expectRow(await ask(byAgency(), undefined, { client }), 'malformed');
  });
});
